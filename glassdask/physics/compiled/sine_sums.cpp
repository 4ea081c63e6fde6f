// Means of sin(k r)/(k r) over particles.
//
// Nothing here checks its arguments: intermediate_scattering.py does.

#include "sine_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "sine_and_cosine.h"

namespace glassdask {

namespace {

constexpr Index BLOCK = 256;

}  // namespace

FOR_ALL_PROCESSORS
void sine_and_cosine(const double* x, double* sine, double* cosine, Index n) {
#pragma omp simd
    for (Index j = 0; j < n; ++j) sine_and_cosine_of(x[j], sine[j], cosine[j]);
}

// |Δr| and 1/|Δr| of the particles in the order given, at rest with the mean displacement taken off; frames (N, 3).
template <typename Real>
PART_OF_ONE void fill_distances(
    const Real* origin, const Real* end, const std::int64_t* order, Index n, bool is_at_rest,
    double* __restrict distances, double* __restrict inverse
) {
    double drift[3] = {0.0, 0.0, 0.0};
    for (Index j = 0; is_at_rest && j < n; ++j)
        for (int axis = 0; axis < 3; ++axis) {
            const Index i = 3 * order[j] + axis;
            drift[axis] += double(end[i]) - double(origin[i]);
        }
    for (int axis = 0; axis < 3; ++axis) drift[axis] /= double(n);
    for (Index j = 0; j < n; ++j) {
        const Index i = 3 * order[j];
        const double x = double(end[i]) - double(origin[i]) - drift[0];
        const double y = double(end[i + 1]) - double(origin[i + 1]) - drift[1];
        const double z = double(end[i + 2]) - double(origin[i + 2]) - drift[2];
        const double r = std::sqrt(x * x + y * y + z * z);
        distances[j] = r < TINY_DISTANCE ? TINY_DISTANCE : r;  // NaN stays NaN: it is how a broken frame is found
    }
#pragma omp simd
    for (Index j = 0; j < n; ++j) inverse[j] = 1.0 / distances[j];
}

PART_OF_ONE void sine_means(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
) {
    for (Index i = 0; i < n_k; ++i) {
        const double k = wavenumbers[i];
        double total = 0.0;
#pragma omp simd reduction(+ : total)
        for (Index j = 0; j < n; ++j) {
            double sine, cosine;
            sine_and_cosine_of(k * distances[j], sine, cosine);
            total += sine * inverse[j];
        }
        means[i] = total / (k * double(n));
    }
}

// For at least two wavenumbers on a uniform grid, each reached from the one before. One rotation by step·r takes (sin, cos)
// to the next wavenumber: sin' = sin c + cos s, cos' = cos c − sin s. Its rounding error grows by one unit in the last place
// a step, also where the angle is small, where the recurrence of Chebyshev loses digits.
PART_OF_ONE void sine_means_on_grid(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
) {
    double sine[BLOCK], cosine[BLOCK], step_sine[BLOCK], step_cosine[BLOCK];
    const double step = (wavenumbers[n_k - 1] - wavenumbers[0]) / double(n_k - 1);
    for (Index i = 0; i < n_k; ++i) means[i] = 0.0;
    for (Index start = 0; start < n; start += BLOCK) {
        const Index m = std::min(BLOCK, n - start);
#pragma omp simd
        for (Index j = 0; j < m; ++j) {
            const double r = distances[start + j], inverse_r = inverse[start + j];
            double s, c;
            sine_and_cosine_of(wavenumbers[0] * r, s, c);
            sine[j] = s * inverse_r;
            cosine[j] = c * inverse_r;
            sine_and_cosine_of(step * r, s, c);
            step_sine[j] = s;
            step_cosine[j] = c;
        }
        for (Index i = 0; i < n_k; ++i) {
            double total = 0.0;
#pragma omp simd reduction(+ : total)
            for (Index j = 0; j < m; ++j) {
                total += sine[j];
                const double turned = sine[j] * step_cosine[j] + cosine[j] * step_sine[j];
                cosine[j] = cosine[j] * step_cosine[j] - sine[j] * step_sine[j];
                sine[j] = turned;
            }
            means[i] += total;
        }
    }
    for (Index i = 0; i < n_k; ++i) means[i] /= wavenumbers[i] * double(n);
}

FOR_ALL_PROCESSORS
void fill_sine_means(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
) {
    sine_means(distances, inverse, n, wavenumbers, n_k, means);
}

FOR_ALL_PROCESSORS
void fill_sine_means_on_grid(
    const double* distances, const double* inverse, Index n, const double* wavenumbers, Index n_k, double* means
) {
    sine_means_on_grid(distances, inverse, n, wavenumbers, n_k, means);
}

template <typename Real>
PART_OF_ONE void scattering(
    const Real* positions, Index n_particles, const std::int64_t* pairs, Index n_pairs, const std::int64_t* order, Index n,
    const std::int64_t* stops, Index n_species, const double* wavenumbers, Index n_k, bool is_grid, bool is_at_rest, double* F
) {
    std::vector<double> memory(2 * n);
    double *distances = memory.data(), *inverse = distances + n;
    const double largest_wavenumber = *std::max_element(wavenumbers, wavenumbers + n_k);
    for (Index p = 0; p < n_pairs; ++p) {
        double* F_p = F + p * n_species * n_k;
        const Real *origin = positions + 3 * n_particles * pairs[2 * p], *end = positions + 3 * n_particles * pairs[2 * p + 1];
        fill_distances(origin, end, order, n, is_at_rest, distances, inverse);
        if (*std::max_element(distances, distances + n) * largest_wavenumber > LARGEST_PHASE) {
            std::fill_n(F_p, n_species * n_k, std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        for (Index s = 0; s < n_species; ++s) {
            const Index start = s ? stops[s - 1] : 0, n_here = stops[s] - start;
            if (is_grid)
                sine_means_on_grid(distances + start, inverse + start, n_here, wavenumbers, n_k, F_p + s * n_k);
            else
                sine_means(distances + start, inverse + start, n_here, wavenumbers, n_k, F_p + s * n_k);
        }
    }
}

// Written out for both precisions: a template's instances are not compiled for all processors.
FOR_ALL_PROCESSORS
void fill_scattering(
    const float* positions, Index n_particles, const std::int64_t* pairs, Index n_pairs, const std::int64_t* order, Index n,
    const std::int64_t* stops, Index n_species, const double* wavenumbers, Index n_k, bool is_grid, bool is_at_rest, double* F
) {
    scattering(positions, n_particles, pairs, n_pairs, order, n, stops, n_species, wavenumbers, n_k, is_grid, is_at_rest, F);
}

FOR_ALL_PROCESSORS
void fill_scattering(
    const double* positions, Index n_particles, const std::int64_t* pairs, Index n_pairs, const std::int64_t* order, Index n,
    const std::int64_t* stops, Index n_species, const double* wavenumbers, Index n_k, bool is_grid, bool is_at_rest, double* F
) {
    scattering(positions, n_particles, pairs, n_pairs, order, n, stops, n_species, wavenumbers, n_k, is_grid, is_at_rest, F);
}

}  // namespace glassdask
