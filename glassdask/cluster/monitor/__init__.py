"""A campaign on show while it runs: monitor, page, dashboard, metrics."""
