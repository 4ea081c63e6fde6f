"""Mode-coupling theory of an S(k): dynamics, long-time limits, critical points."""
