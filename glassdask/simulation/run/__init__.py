"""One simulation from start to end, in a process of its own."""
