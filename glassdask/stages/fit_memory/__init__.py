"""Stage fit_memory: memory functions of a state's F_s(k_p,t), or of an F(t) that somebody brings."""
