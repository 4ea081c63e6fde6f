"""Figures of what networks have learned."""
