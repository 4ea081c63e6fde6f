"""One file per stage: each reads the products of earlier stages, calls physics on arrays and writes one product."""
