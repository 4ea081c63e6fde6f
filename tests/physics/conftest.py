"""Property tests of the estimators: the same examples in every run."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, and no failure because another process keeps the machine busy.
settings.register_profile("glassdask", deadline=None, derandomize=True)
settings.load_profile("glassdask")
