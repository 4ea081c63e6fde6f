// Both ends of the octant GEMM (docs/equations.md): the rows of its matrix, and the squares of what it gives.
//
// A row is {cos, sin} of one axis times {cos, sin} of another, of all particles; written straight from the tables, it is
// in the cache when the BLAS comes for it. Of its sums R_T, Σ_T R_T^a R_T^b goes into the bin of the vector at once.
// Nothing here checks its arguments: structure_factor_plan.py does.

#include "octant_products.h"

#include <algorithm>

namespace glassdask {

namespace {

// Vectors that are squared together: their products stay in the first cache.
constexpr Index BLOCK = 256;

}  // namespace

template <typename Real>
PART_OF_ONE void rows_of(
    AxisTable<Real> x, AxisTable<Real> y, const std::int64_t* n_x, const std::int64_t* n_y, Index n_columns, Index n,
    Real* __restrict rows
) {
    for (Index column = 0; column < n_columns; ++column)
        for (Index a = 0; a < 2; ++a)
            for (Index b = 0; b < 2; ++b) {
                const Real *of_x = x.values + (a * x.n_values + n_x[column]) * n, *of_y = y.values + (b * y.n_values + n_y[column]) * n;
                Real* row = rows + ((2 * a + b) * n_columns + column) * n;
#pragma omp simd
                for (Index j = 0; j < n; ++j) row[j] = of_x[j] * of_y[j];
            }
}

// Σ over T of R_T^a R_T^b; cosine and sine along z are neighbours, and their sum is what counts.
template <typename Real>
PART_OF_ONE void add_squares(const Real* sums, Index n_species, Index n_vectors, Bins bins, double* means) {
    Real products[2 * BLOCK];
    for (Index start = 0; start < n_vectors; start += BLOCK) {
        const Index n = std::min(BLOCK, n_vectors - start);
        double* found = means;
        for (Index a = 0; a < n_species; ++a)
            for (Index b = a; b < n_species; ++b, found += bins.n_bins) {
                const Real *first = sums + 2 * (4 * a * n_vectors + start), *second = sums + 2 * (4 * b * n_vectors + start);
                const Index stride = 2 * n_vectors;
#pragma omp simd
                for (Index i = 0; i < 2 * n; ++i)
                    products[i] = first[i] * second[i] + first[stride + i] * second[stride + i] +
                                  first[2 * stride + i] * second[2 * stride + i] + first[3 * stride + i] * second[3 * stride + i];
                for (Index i = 0; i < n; ++i)
                    found[bins.bin[start + i]] += double(products[2 * i] + products[2 * i + 1]) * bins.weight[start + i];
            }
    }
}

FOR_ALL_PROCESSORS
void fill_octant_rows(
    AxisTable<float> x, AxisTable<float> y, const std::int64_t* n_x, const std::int64_t* n_y, Index n_columns,
    Index n_particles, float* rows
) {
    rows_of(x, y, n_x, n_y, n_columns, n_particles, rows);
}

FOR_ALL_PROCESSORS
void fill_octant_rows(
    AxisTable<double> x, AxisTable<double> y, const std::int64_t* n_x, const std::int64_t* n_y, Index n_columns,
    Index n_particles, double* rows
) {
    rows_of(x, y, n_x, n_y, n_columns, n_particles, rows);
}

FOR_ALL_PROCESSORS
void add_octant_squares(const float* sums, Index n_species, Index n_vectors, Bins bins, double* means) {
    add_squares(sums, n_species, n_vectors, bins, means);
}

FOR_ALL_PROCESSORS
void add_octant_squares(const double* sums, Index n_species, Index n_vectors, Bins bins, double* means) {
    add_squares(sums, n_species, n_vectors, bins, means);
}

}  // namespace glassdask
