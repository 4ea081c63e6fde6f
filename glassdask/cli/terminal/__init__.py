"""What verbs share: tables, progress, curves, lists of numbers, own files."""
