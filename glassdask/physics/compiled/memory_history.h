#pragma once

#include "processors.h"

namespace glassdask {

// Values of n x n matrices in n_rows rows at consecutive times, (time, a, b, row), rows contiguous.
struct Shape {
    Index n_times, n, n_rows;
    Index matrix() const { return n * n * n_rows; }
};

void past_of_integral(
    const double* F, const double* M, const double* F_hat, const double* M_hat, const double* F_skew, const double* M_skew,
    Shape shape, Index i, double* C
);
void begin_step(double* F, Shape shape, Index i, double power, bool is_newtonian, Index n, double* C);
double next_iterate(
    const double* A_inverse, const double* D, const double* C, const double* M_i, double* F_i, double* change,
    const double* scale, Index n, Index n_rows
);
void leap_ahead(double* F_i, const double* change, const double* change_before, Index size);
void moments_of_step(const double* values, double* means, double* skews, Shape shape, Index i);
void halve_block(double* values, double* means, double* skews, Shape shape);
void weights_of_differences(const double* means, const double* skews, double* hats, Shape shape);

}  // namespace glassdask
