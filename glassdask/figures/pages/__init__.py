"""Pages of HTML: the campaign while it runs, and its report."""
