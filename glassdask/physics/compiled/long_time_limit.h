#pragma once

#include "processors.h"

namespace glassdask {

// What one step of the iteration for the long-time limit has found; sizes are in units of `scale`.
struct LimitStep {
    double size, largest, both, before_square, square;
};

LimitStep next_limit(
    double* F, const double* S, const double* S_inverse, const double* c, const double* factor, const double* scale,
    double* change, Index n, Index n_k
);

}  // namespace glassdask
