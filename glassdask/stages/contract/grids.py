"""The k and t grids and run lengths that a campaign file stands for, in numbers."""

from __future__ import annotations

import math

import numpy as np

from glassdask.stages.contract.sections import ModeCouplingSection, Sections, WavenumbersSection


def wavenumber_edges(section: WavenumbersSection) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the k bins, [0, spacing, …, count·spacing], and of the fine bins that divide each. [1/sigma_AA]

    The centres k_i = (i + 1/2) spacing are the one k grid of S(k), F_s(k,t), mode-coupling theory and the network.
    """
    spacing, count, fine = section.spacing, section.count, section.fine_bins
    return np.arange(count + 1) * spacing, np.arange(count * fine + 1) * (spacing / fine)


def wavenumber_centres(section: WavenumbersSection) -> np.ndarray:
    """k_i = (i + 1/2) spacing. [1/sigma_AA]"""
    edges, _ = wavenumber_edges(section)
    return np.asarray(0.5 * (edges[1:] + edges[:-1]))


def mode_coupling_times(section: ModeCouplingSection) -> np.ndarray:
    """0 and times_per_octave logarithmic steps an octave, from about 0.01 up to the end time. [tau_MD]"""
    octaves = math.ceil(math.log2(section.end_time / 0.01))
    steps = np.arange(octaves * section.times_per_octave, -1, -1)
    return np.concatenate([[0.0], section.end_time * 2.0 ** (-steps / section.times_per_octave)])


def block_bounds(sections: Sections) -> tuple[int, int]:
    """Fewest and most whole blocks of a production run; equal where its length is fixed."""
    production = sections.production
    block_time = sections.frames.block_length * sections.time_step.base_step
    if production.length is not None:
        lengths = (production.length, production.length)
    else:
        lengths = (production.minimum_length, production.maximum_length)
    fewest, most = (max(1, math.ceil(length / block_time - 1e-9)) for length in lengths)
    return fewest, most


def base_steps(length: float, base_step: float) -> int:
    """Whole base steps that cover a length. [tau_MD]"""
    return max(1, math.ceil(length / base_step - 1e-9))
