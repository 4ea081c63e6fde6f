"""Molecular dynamics of small boxes in C++, compiled when the package is built (``box.h`` says how it works)."""
