"""Theory, memory functions and predictions: of a campaign's states, and of somebody's own S(k) and F(t)."""
