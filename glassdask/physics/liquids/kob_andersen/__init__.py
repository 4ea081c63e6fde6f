"""Mixtures of Kob and Andersen: equal energies and lengths, other cut-offs, compositions or forms."""
