"""The F that a memory is to reproduce: checked before a fit, and compared after it."""
