"""What verbs and notebooks do with a campaign: values in, values out. The package itself exports the main ones."""
