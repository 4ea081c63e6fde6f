"""A campaign on show while it runs: observer, page, dashboard, metrics."""
