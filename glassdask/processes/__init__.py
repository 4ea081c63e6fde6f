"""Child processes: one protocol for simulations, ranks and small questions, from the request to the last word."""
