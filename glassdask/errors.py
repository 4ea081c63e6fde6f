"""The package's exceptions; each message says what is wrong, where, what is allowed and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassdask.outcome import FailureReason


class GlassdaskError(Exception):
    """Base of every error that glassdask raises on purpose.

    The command line prints the message without a traceback and leaves with ``exit_code``.
    """

    exit_code = 1


class InvalidInput(GlassdaskError, ValueError):
    """A value given by the user is outside of what is allowed."""

    exit_code = 2


class MissingComponent(GlassdaskError, ImportError):
    """An optional package or engine is not installed; the message names the command that installs it."""


class CampaignLocked(GlassdaskError):
    """Another process drives this campaign; the message says which host and process, and since when."""


class CorruptProduct(GlassdaskError):
    """A file of the campaign is damaged: its checksum differs, or it cannot be read."""


class LeaseLost(GlassdaskError):
    """Another worker has taken over the state: this copy must not commit anything."""


class SimulationFailed(GlassdaskError):
    """A molecular-dynamics run cannot go on.

    Parameters
    ----------
    reason
        Stored with the state.
    message
        What happened and what to do.
    """

    def __init__(self, reason: FailureReason, message: str):
        super().__init__(message)
        self.reason = reason
