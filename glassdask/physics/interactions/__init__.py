"""Interactions of a pair: the forms u(r/sigma)/epsilon, one file a family, and what truncation makes of them."""
