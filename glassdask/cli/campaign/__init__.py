"""Verbs that run a campaign."""
