"""Positions in time for one state: engines, starting configurations, trajectories and checkpoints."""
