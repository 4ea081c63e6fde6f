"""One file per stage: each reads the products of earlier stages and writes one product."""
