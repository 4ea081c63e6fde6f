"""Networks and their training, in one process or in several ranks."""
