"""Dynamics of particles: scattering functions, displacements, relaxation times, equilibration."""
