"""What a simulation is asked and what it leaves: request, trajectory, checkpoints, series."""
