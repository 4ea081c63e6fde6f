#pragma once

#include <cstdint>

#include "processors.h"

namespace glassdask {

void memory_at(
    const double* K, const double* amplitudes, double* powers, const double* growth, Index n_exp, Index n_rows, double* M
);
void solve_pack(
    const double* columns, Index n_exp, Index n_rows, double first_step, Index n_levels, Index n_half, bool is_newtonian,
    double* found
);
void interpolated_rows(
    const double* F, Index n_rows, const std::int64_t* places, const double* weights, Index n_times, double* result
);

}  // namespace glassdask
