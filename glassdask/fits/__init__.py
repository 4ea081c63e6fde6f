"""M from F: the memory function (eq. 6 of the paper) that gives a measured F back through the memory equation."""
