"""The loops in which the package spends its time, in C++, compiled when the package is built.

Each file beside this one holds the loops of one subject, with its mathematics above them:

- ``memory_history.cpp``: steps of the time-doubling scheme, for matrices over species.
- ``candidate_steps.cpp``: the same for one species and memories of eq. 6, many candidates at once.
- ``mode_coupling_integral.cpp``: the integral over two wavevectors on the bipolar grid.
- ``long_time_limit.cpp``: an iteration for the long-time limit of mode-coupling theory.
- ``density_sums.cpp``: sums of exp(2πi n·s) over particles, for many vectors n of whole numbers.
- ``octant_products.cpp``: what stands before and after the matrix product that gives S(k).
- ``sine_sums.cpp``: means of sin(k r)/(k r) over particles.

Nothing is compiled at run time, so that the first call on a new machine costs what every other costs. Each loop is compiled
for several kinds of processor (``processors.h``), of which the loader takes the best.
"""

from glassdask.errors import MissingComponent

try:
    from glassdask.physics.compiled._loops import (
        LARGEST_PHASE,
        TINY_DISTANCE,
        CollectiveMemory,
        GivenValues,
        MemoryFunctional,
        TaggedMemory,
        add_octant_squares,
        begin_step,
        collective_sums,
        end_step,
        fill_density_sums,
        fill_octant_rows,
        fill_scattering,
        fill_sine_means,
        fill_sine_means_on_grid,
        halve_block,
        interpolated_rows,
        leap_ahead,
        memory_at,
        multiply_rows,
        next_iterate,
        next_limit,
        past_of_integral,
        sine_and_cosine,
        solve_pack,
        solve_steps,
        tagged_sums,
        weights_of_differences,
        window_moments,
    )
except ImportError as error:
    raise MissingComponent(
        f"glassdask's compiled loops cannot be loaded ({error}); build them with this Python: pip install -e . in a "
        "checkout, with a C++ compiler at hand, or install a wheel"
    ) from error

__all__ = [
    "LARGEST_PHASE",
    "TINY_DISTANCE",
    "CollectiveMemory",
    "GivenValues",
    "MemoryFunctional",
    "TaggedMemory",
    "add_octant_squares",
    "begin_step",
    "collective_sums",
    "end_step",
    "fill_density_sums",
    "fill_octant_rows",
    "fill_scattering",
    "fill_sine_means",
    "fill_sine_means_on_grid",
    "halve_block",
    "interpolated_rows",
    "leap_ahead",
    "memory_at",
    "multiply_rows",
    "next_iterate",
    "next_limit",
    "past_of_integral",
    "sine_and_cosine",
    "solve_pack",
    "solve_steps",
    "tagged_sums",
    "weights_of_differences",
    "window_moments",
]
