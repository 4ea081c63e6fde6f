"""What all figures share: look, panels, captions."""
