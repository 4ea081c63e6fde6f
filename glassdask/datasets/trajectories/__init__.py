"""Anybody's trajectory, of any format, as frames that estimators ask for: understood, checked, unwrapped."""
