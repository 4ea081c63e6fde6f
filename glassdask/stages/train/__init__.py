"""Stage train: networks from all states of a campaign, and what they predict."""
