"""Where the phases of a run end: after a fixed length, or after n relaxation times as far as these are known."""

from __future__ import annotations

import math

from glassdask.simulation.records.request import Equilibration, Production


def equilibration_end(plan: Equilibration, divisor: int, relaxation_steps: float) -> int:
    """The step at which the thermostatted run ends: a whole number of base steps.

    Parameters
    ----------
    plan
        What was asked for.
    divisor
        The state's own steps per base step.
    relaxation_steps
        The relaxation time, or a lower bound of it, as it is known now, in the state's own steps.
    """
    n_base_steps = plan.base_steps
    if plan.relaxation_times is not None and plan.max_base_steps is not None:
        wanted = math.ceil(plan.relaxation_times * relaxation_steps / divisor)
        n_base_steps = min(max(n_base_steps, wanted), plan.max_base_steps)
    return n_base_steps * divisor


def production_end(plan: Production, divisor: int, relaxation_steps: float, step: int) -> int:
    """The step at which production ends: a whole number of blocks, the one that `step` stands in included.

    Parameters as of `equilibration_end`; `step` is the current one.
    """
    block = plan.block_length * divisor
    n_blocks = plan.n_blocks
    if plan.relaxation_times is not None and plan.max_blocks is not None:
        wanted = math.ceil(plan.relaxation_times * relaxation_steps / block)
        n_blocks = max(min(max(n_blocks, wanted), plan.max_blocks), math.ceil(step / block))
    return n_blocks * block


def fraction_done(lengths: dict[str, int], phase: str, step: int) -> float:
    """How much of all phases is done, 0 … 1.

    Parameters
    ----------
    lengths
        Steps of each phase, in their order.
    phase
        The current one; any other name: all are done.
    step
        Steps done in it.
    """
    if phase not in lengths:
        return 1.0
    before = sum(list(lengths.values())[: list(lengths).index(phase)])
    return min(1.0, (before + step) / sum(lengths.values()))
