"""Stage collect: the cube of all states, critical temperatures, and the curves of single states."""
