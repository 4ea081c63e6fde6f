"""The observables: one file each, which declares it and says how frames or pairs of them become its numbers."""
