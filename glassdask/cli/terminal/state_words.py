"""The argument STATE of the verbs that take states, which a shell completes: names and words of a campaign that was started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from glassdask.campaign.definition.selection import selected_states
from glassdask.campaign.files.status import recorded_states
from glassdask.errors import GlassdaskError
from glassdask.files.folder_rule import campaign_folder


def states_argument(*, is_required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares it; without a word all states are meant, where that is allowed."""
    metavar = "STATE..." if is_required else "[STATE]..."
    return click.argument("states", nargs=-1, required=is_required, metavar=metavar, shell_complete=complete_states)


def complete_states(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """What a shell offers at TAB: of the states that fit the words before, those whose name begins with what stands there,
    and the words that do, as T0.8. Nothing where the campaign cannot be read: a shell has no room for messages."""
    given = ctx.params.get(param.name or "") or ()
    try:
        states = recorded_states(campaign_folder(ctx.params["campaign"]))
        chosen = selected_states(states, given)
    except (GlassdaskError, OSError, KeyError, TypeError):
        return []
    names = [state.identifier for state in chosen]
    words = dict.fromkeys(word for name in names for word in name.split("_"))
    offered = [*names, *words] if incomplete else names
    return [word for word in offered if word.startswith(incomplete) and word not in given]
