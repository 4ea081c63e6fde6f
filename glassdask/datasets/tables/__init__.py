"""Tables of numbers of any layout: their bytes, lines, cells and names."""
