"""Liquids: one file each, found by ``catalogue``; what a liquid consists of stands in ``liquid``."""
