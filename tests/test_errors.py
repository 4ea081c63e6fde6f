"""Errors carry an exit code for the command line and can be caught as the built-in error that they are."""

from __future__ import annotations

import inspect

from glassdask import errors
from glassdask.outcome import FailureReason


def test_every_error_is_caught_as_one_kind_and_has_an_exit_code() -> None:
    classes = [
        item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, errors.GlassdaskError)
    ]
    assert len(classes) == len(inspect.getmembers(errors, inspect.isclass))
    assert all(item.__doc__ for item in classes)
    assert {item.__name__: item.exit_code for item in classes if item.exit_code != 1} == {"InvalidInput": 2}


def test_errors_are_also_what_python_calls_them() -> None:
    assert issubclass(errors.InvalidInput, ValueError)
    assert issubclass(errors.MissingComponent, ImportError)


def test_a_failed_simulation_says_why_in_a_word() -> None:
    error = errors.SimulationFailed(FailureReason.DIVERGED, "the energy is 1e9")
    assert (error.reason, str(error)) == ("diverged", "the energy is 1e9")
