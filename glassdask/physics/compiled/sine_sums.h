#pragma once

#include <cstdint>

#include "processors.h"

namespace glassdask {

// The reduction of a phase holds for arguments up to 2^20 π/2, where n π/2 is subtracted in exact pieces.
constexpr double LARGEST_PHASE = 1.0e6;
// sin(k r)/r is k to the last bit for distances below this, and the square of it is still a normal number.
constexpr double TINY_DISTANCE = 1e-150;

void sine_and_cosine(const double* x, double* sine, double* cosine, Index n);
void fill_sine_means(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
);
void fill_sine_means_on_grid(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
);
void fill_scattering(
    const float* positions, Index n_particles, const std::int64_t* pairs, Index n_pairs, const std::int64_t* order, Index n,
    const std::int64_t* stops, Index n_species, const double* wavenumbers, Index n_k, bool is_grid, bool is_at_rest, double* F
);
void fill_scattering(
    const double* positions, Index n_particles, const std::int64_t* pairs, Index n_pairs, const std::int64_t* order, Index n,
    const std::int64_t* stops, Index n_species, const double* wavenumbers, Index n_k, bool is_grid, bool is_at_rest, double* F
);

}  // namespace glassdask
