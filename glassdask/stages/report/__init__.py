"""Stage report: figures, their data, methods and one page."""
