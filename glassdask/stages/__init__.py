"""One folder per stage, and beside it what is made of the user's own data.

A stage reads the products of earlier ones, calls physics on arrays, and writes one product.
"""
