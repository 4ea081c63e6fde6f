"""The end of a fit: least squares, an accurate F, errors, and what the data say of each parameter."""
