"""Stage solve_mct: mode-coupling theory of a state's S(k), or of one that somebody brings."""
