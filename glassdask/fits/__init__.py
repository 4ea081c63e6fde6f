"""M from F: the memory function that reproduces a measured correlation function, found by an evolution strategy."""
