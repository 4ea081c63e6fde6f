"""Liquids that a campaign may ask for: those of the catalogue, and those that a campaign file declares."""

from __future__ import annotations

from pathlib import Path

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import LIQUIDS, unknown_liquid
from glassdask.physics.liquids.liquid import Liquid


def liquids(campaign: str | Path | None = None) -> dict[str, Liquid]:
    """What ``potential`` of a grid may name.

    Parameters
    ----------
    campaign
        A campaign's TOML file or folder, whose own liquids come after those of the catalogue.

    Returns
    -------
    dict of str to Liquid
        By name, in the order of messages.

    Raises
    ------
    InvalidInput
        If the file or folder is no campaign.

    Examples
    --------
    >>> liquids()["wahnstrom"].pair("A", "B").sigma
    0.9166666666666666
    """
    if campaign is None:
        return dict(LIQUIDS)
    from glassdask.campaign.definition.campaign import load_campaign  # pydantic, which the catalogue does without

    specification = load_campaign(campaign).specification
    return LIQUIDS | {name: specification.liquid_named(name) for name in specification.liquid}


def liquid(name: str, campaign: str | Path | None = None) -> Liquid:
    """The liquid of this name, of :func:`liquids`.

    Returns
    -------
    Liquid
        Species, masses, pair potentials, source.

    Raises
    ------
    InvalidInput
        If there is none of this name.

    Examples
    --------
    >>> liquid("ka21").counts(1200)
    (800, 400)
    """
    known = liquids(campaign)
    if name not in known:
        raise InvalidInput(unknown_liquid(name, tuple(known)))
    return known[name]
