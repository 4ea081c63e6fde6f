"""Two campaigns beside each other: what each is, how far they differ in units of their errors, figures with both."""
