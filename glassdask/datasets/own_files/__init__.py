"""Structure factors and correlation functions that users bring: read, checked, converted."""
