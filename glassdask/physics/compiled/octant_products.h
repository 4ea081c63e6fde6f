#pragma once

#include <cstdint>

#include "processors.h"

namespace glassdask {

// Cosines, then sines, of an axis: shape (2, n_values, n_particles).
template <typename Real>
struct AxisTable {
    const Real* values;
    Index n_values;
};

void fill_octant_rows(
    AxisTable<float> x, AxisTable<float> y, const std::int64_t* n_x, const std::int64_t* n_y, Index n_columns,
    Index n_particles, float* rows
);
void fill_octant_rows(
    AxisTable<double> x, AxisTable<double> y, const std::int64_t* n_x, const std::int64_t* n_y, Index n_columns,
    Index n_particles, double* rows
);

// Bins of vectors and the weight of each in the mean of its bin.
struct Bins {
    const std::int64_t* bin;
    const double* weight;
    Index n_bins;
};

void add_octant_squares(const float* sums, Index n_species, Index n_vectors, Bins bins, double* means);
void add_octant_squares(const double* sums, Index n_species, Index n_vectors, Bins bins, double* means);

}  // namespace glassdask
