"""Searches over memories: coordinates, losses, evolution strategy, checkpoints."""
