"""What workers see of their nodes, and what keeps a campaign from running there."""
