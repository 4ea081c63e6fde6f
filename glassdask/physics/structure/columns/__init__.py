"""S_ab(k) in periodic cells of any shape, from columns of the lattice of wavevectors, all of them or a sample."""
