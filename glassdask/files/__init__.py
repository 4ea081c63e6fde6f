"""Files that are whole or absent, their checksums and ends, and which folder belongs to a campaign file."""
