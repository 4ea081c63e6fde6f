"""Networks trained by several ranks, each on a worker."""
