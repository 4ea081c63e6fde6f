#pragma once

#include "processors.h"

namespace glassdask {

void collective_sums(const double* F, const double* c, double* sums, Index n_s, Index n_k);
void tagged_sums(const double* W, const double* F, double* sums, Index n_s, Index n_k);
void window_moments(const double* phi, double* moments, Index n_rows, Index n_k);
void multiply_rows(double* M, const double* factor, Index n_pairs, Index n_k);

}  // namespace glassdask
