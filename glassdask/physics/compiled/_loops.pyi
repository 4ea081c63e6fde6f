from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

LARGEST_PHASE: float
TINY_DISTANCE: float

Block: TypeAlias = tuple[Floats, Floats, Floats, Floats]

class MemoryFunctional: ...

class CollectiveMemory(MemoryFunctional):
    def __init__(self, c: Floats, prefactor: Floats) -> None: ...

class TaggedMemory(MemoryFunctional):
    def __init__(self, W: Floats, prefactor: Floats) -> None: ...

class GivenValues(MemoryFunctional):
    def __init__(self, values: Floats) -> None: ...

def solve_steps(
    F: Block,
    M: Block,
    memory: MemoryFunctional | Callable[[int, int], None],
    is_given: bool,
    of_level: tuple[Floats, Floats, Floats],
    source: Floats | None,
    power: float,
    is_newtonian: bool,
    limits: tuple[float, float, int],
    guess: tuple[int, int, int],
    iterations: tuple[int, int],
    place: int,
    steps: tuple[int, int],
    found_F: Floats,
    found_M: Floats,
) -> tuple[int, int, int]: ...
def past_of_integral(
    F: Floats, M: Floats, F_hat: Floats, M_hat: Floats, F_skew: Floats, M_skew: Floats, i: int, C: Floats
) -> None: ...
def begin_step(F: Floats, M: Floats, i: int, power: float, is_newtonian: bool, n: int, C: Floats) -> None: ...
def next_iterate(
    A_inverse: Floats, D: Floats, C: Floats, M_i: Floats, F_i: Floats, change: Floats, scale: Floats
) -> float: ...
def leap_ahead(F_i: Floats, change: Floats, change_before: Floats) -> None: ...
def end_step(F: Floats, F_mean: Floats, F_skew: Floats, M: Floats, M_mean: Floats, M_skew: Floats, i: int) -> None: ...
def halve_block(values: Floats, means: Floats, skews: Floats) -> None: ...
def weights_of_differences(means: Floats, skews: Floats, hats: Floats) -> None: ...
def memory_at(K: Floats, amplitudes: Floats, powers: Floats, growth: Floats, M: Floats) -> None: ...
def solve_pack(columns: Floats, first_step: float, n_levels: int, n_half: int, is_newtonian: bool) -> Floats: ...
def interpolated_rows(F: Floats, places: Integers, weights: Floats) -> Floats: ...
def collective_sums(F: Floats, c: Floats, sums: Floats) -> None: ...
def tagged_sums(W: Floats, F: Floats, sums: Floats) -> None: ...
def window_moments(phi: Floats, moments: Floats) -> None: ...
def next_limit(
    F: Floats, S: Floats, S_inverse: Floats, c: Floats, factor: Floats, scale: Floats, change: Floats
) -> tuple[float, float, float, float, float]: ...
def multiply_rows(M: Floats, factor: Floats) -> None: ...
def sine_and_cosine(x: Floats, sine: Floats, cosine: Floats) -> None: ...
def fill_density_sums(
    turns: Floats,
    species_stops: Integers,
    reach: Integers,
    prefixes: Integers,
    stops: Integers,
    heights: Integers,
    sums: Floats,
) -> None: ...
def fill_sine_means(distances: Floats, inverse: Floats, wavenumbers: Floats, means: Floats) -> None: ...
def fill_sine_means_on_grid(distances: Floats, inverse: Floats, wavenumbers: Floats, means: Floats) -> None: ...
def fill_scattering(
    positions: NDArray[Any],
    pairs: Integers,
    order: Integers,
    stops: Integers,
    wavenumbers: Floats,
    is_grid: bool,
    is_at_rest: bool,
    F: Floats,
) -> None: ...
