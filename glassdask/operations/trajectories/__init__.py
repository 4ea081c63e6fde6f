"""Trajectories that somebody has: analysed by themselves, or made states of a campaign."""
