"""Every variable of the data, declared once, a file for each family."""
