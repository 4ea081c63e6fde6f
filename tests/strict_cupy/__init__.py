"""A strict stand-in for CuPy: NumPy's arithmetic behind walls like a GPU's.

Arrays of the device and of the host meet nowhere but in copies that are asked for; the module holds only the names of CuPy
14.2 (``names.json``), functions take only its parameters; transfers, synchronisations, launches and bytes in use are counted.
What a GPU would refuse is refused on every machine; what only a GPU can show (speed, the order of streams) is not.
"""
