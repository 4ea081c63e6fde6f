"""Dynamic heterogeneity: who has moved and who has not, who has kept his neighbours, and how that fluctuates."""
