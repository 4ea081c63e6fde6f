"""Trained networks as they are kept, chosen and handed on."""
