"""What lies in a campaign's folder: products, leases, journals, failures, status."""
