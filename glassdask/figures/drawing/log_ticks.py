"""Ticks of logarithmic axes: whole decades, or plain numbers where an axis spans little."""

from __future__ import annotations

import math

from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter, NullLocator, StrMethodFormatter


def decades(axis: Axis) -> None:
    """Ticks of whole decades alone are labelled on a logarithmic axis, and at least two of them are in view."""
    low, high = sorted(axis.get_view_interval())
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
        last = max(last, first + 1)
        set_limits = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim  # type: ignore[attr-defined]
        set_limits(min(low, 10.0**first), max(high, 10.0**last))
    axis.set_major_locator(LogLocator(10.0))
    axis.set_major_formatter(LogFormatterSciNotation(10.0, labelOnlyBase=True))
    axis.set_minor_locator(LogLocator(10.0, subs=tuple(range(2, 10))))
    axis.set_minor_formatter(NullFormatter())


def decades_and_numbers(axis: Axis) -> None:
    """Whole decades, and 2 and 5 between them as smaller plain numbers: of an axis that spans one or two decades."""
    decades(axis)
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(LogLocator(10.0, subs=(2.0, 5.0)))
    axis.set_minor_formatter(StrMethodFormatter("{x:g}"))
    axis.set_tick_params(which="minor", labelsize="small")


def plain_numbers(axis: Axis) -> None:
    """Ticks at 1, 2 and 5 times whole decades, as plain numbers: of a logarithmic axis that spans little."""
    axis.set_major_locator(LogLocator(10.0, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def has_plain_numbers(axis: Axis) -> bool:
    """Whether `plain_numbers` was called for it."""
    return isinstance(axis.get_major_formatter(), StrMethodFormatter)
