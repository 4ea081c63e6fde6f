"""What there is to see of a campaign: views, costs, jobs, the page."""
