"""Molecular dynamics of one state, always in a process of its own: one protocol, two engines, float64 checkpoints."""

#: Frames of a finished run.
TRAJECTORY = "trajectory.gsd"
