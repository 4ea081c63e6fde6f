"""What models are asked, what they are set beside, and their marks."""
