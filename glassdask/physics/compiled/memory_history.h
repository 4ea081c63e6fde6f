#pragma once

#include "processors.h"

namespace glassdask {

// Values of n x n matrices in n_rows rows at consecutive times, (time, a, b, row), rows contiguous.
struct Shape {
    Index n_times, n, n_rows;
    Index matrix() const { return n * n * n_rows; }
};

// The values of a block and the moments of its steps, as they are in memory.
struct Block {
    double *values, *means, *skews, *hats;
};

// What stays the same in all steps of a level; `source` may be nothing.
struct Level {
    const double *A_inverse, *D, *source, *scale;
    double power;
    bool is_newtonian;
    Index place;  // of the level's step N in the grid
};

// How far steps were iterated; `of_levels` is the most of the level before and of this one.
struct Iteration {
    double tolerance, bound;
    Index most, few_times, most_times, many;
    Index of_level_before, of_level, n_evaluations;
};

enum class StepsEnd { DONE, DIVERGED, NOT_RESOLVED };

class MemoryFunctional;

StepsEnd solve_steps(
    Block F, Block M, Shape shape, const Level& level, MemoryFunctional& memory, bool is_given, Iteration& iteration,
    Index first, Index last, double* work, double* found_F, double* found_M
);
void past_of_integral(
    const double* F, const double* M, const double* F_hat, const double* M_hat, const double* F_skew, const double* M_skew,
    Shape shape, Index i, double* C
);
void begin_step(double* F, double* M, Shape shape, Index i, double power, bool is_newtonian, Index n, double* C);
double next_iterate(
    const double* A_inverse, const double* D, const double* C, const double* M_i, double* F_i, double* change,
    const double* scale, Index n, Index n_rows
);
void leap_ahead(double* F_i, const double* change, const double* change_before, Index size);
void moments_of_step(const double* values, double* means, double* skews, Shape shape, Index i);
void halve_block(double* values, double* means, double* skews, Shape shape);
void weights_of_differences(const double* means, const double* skews, double* hats, Shape shape);

}  // namespace glassdask
