#pragma once

#include <cstdint>

#include "processors.h"

namespace glassdask {

// Wavevectors in rows: all components but the last are a row's, and each row has some |n_d|, its heights.
struct Rows {
    const std::int64_t* prefixes;  // (n_rows, d − 1)
    const std::int64_t* stops;     // after the last height of each row
    const std::int64_t* heights;   // of all rows
    Index n_rows, n_heights;
};

void fill_density_sums(
    const double* turns, Index n_frames, Index n_particles, Index dimension, const std::int64_t* species_stops,
    Index n_species, const std::int64_t* reach, Rows rows, double* sums
);

}  // namespace glassdask
