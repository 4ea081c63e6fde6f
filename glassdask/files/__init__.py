"""Files that are whole or absent, and which folder belongs to a campaign file."""
