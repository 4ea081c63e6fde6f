"""Stage simulate: molecular dynamics of one state."""
