"""What every stage is given and hands back."""
