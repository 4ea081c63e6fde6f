"""Stage reduce: from a trajectory to S(k), F_s(k,t) and a verdict."""
