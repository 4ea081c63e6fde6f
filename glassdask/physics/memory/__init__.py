"""The memory equation (eqs. 5 and 11 of the paper), forward for one memory or many, and backward."""
