"""What the verbs of learning need beyond the base installation, said in a line before anything is read."""

from __future__ import annotations

import importlib.util

from glassdask.errors import MissingComponent


def require_learning() -> None:
    """Does nothing if torch and scikit-learn are there.

    Raises
    ------
    MissingComponent
        If not, with the command that installs them.
    """
    for module in ("torch", "sklearn"):
        if importlib.util.find_spec(module) is None:
            raise MissingComponent(f"networks need {module}; pip install 'glassdask[ml]'")
