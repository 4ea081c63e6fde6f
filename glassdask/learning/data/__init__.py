"""What is learned from: features, targets, and which states are kept for judgement."""
