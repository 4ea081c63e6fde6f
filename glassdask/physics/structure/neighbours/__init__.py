"""What is counted of neighbours in real space: pair distribution functions, and the order of crystals in a plane."""
