// Sums over particles of exp(2πi n·s) for many vectors n of whole numbers.
//
// The factor exp(2πi n s) of each axis comes from a table of powers of a block of particles that stays in the cache of a core.
// Vectors that differ in their last component only share the product of the other factors, a row. With the row's real and
// imaginary parts and those of the last factor, four sums give the vectors with n_d and −n_d. Nothing here checks its
// arguments: density_modes.py does.

#include "density_sums.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "sine_and_cosine.h"

namespace glassdask {

namespace {

constexpr Index BLOCK = 256;

}  // namespace

// Powers 0 … reach of exp(2πi s), real parts of a power and then its imaginary parts; particles past the last count nothing.
PART_OF_ONE void fill_powers(const double* turns, Index stride, Index n, Index reach, double* __restrict table) {
    double wave_cosine[BLOCK], wave_sine[BLOCK], phase[BLOCK];
    for (Index j = 0; j < BLOCK; ++j) {
        phase[j] = j < n ? 6.283185307179586477 * turns[j * stride] : 0.0;
        table[j] = j < n ? 1.0 : 0.0;
        table[BLOCK + j] = 0.0;
    }
#pragma omp simd
    for (Index j = 0; j < BLOCK; ++j) sine_and_cosine_of(phase[j], wave_sine[j], wave_cosine[j]);
    for (Index i = 0; i < reach; ++i) {
        const double *cosine = table + 2 * BLOCK * i, *sine = cosine + BLOCK;
        double *next_cosine = table + 2 * BLOCK * (i + 1), *next_sine = next_cosine + BLOCK;
#pragma omp simd
        for (Index j = 0; j < BLOCK; ++j) {
            next_cosine[j] = cosine[j] * wave_cosine[j] - sine[j] * wave_sine[j];
            next_sine[j] = cosine[j] * wave_sine[j] + sine[j] * wave_cosine[j];
        }
    }
}

// The product of a row's factors; tables of the axes one after the other.
PART_OF_ONE void fill_row(
    const double* const* tables, const std::int64_t* prefix, Index n_factors, double* __restrict real, double* __restrict imaginary
) {
    for (Index axis = 0; axis < n_factors; ++axis) {
        const double* cosine = tables[axis] + 2 * BLOCK * std::abs(prefix[axis]);
        const double *sine = cosine + BLOCK, sign = prefix[axis] < 0 ? -1.0 : 1.0;
#pragma omp simd
        for (Index j = 0; j < BLOCK; ++j) {
            const double c = cosine[j], s = sign * sine[j];
            const double a = axis ? real[j] : 1.0, b = axis ? imaginary[j] : 0.0;
            real[j] = a * c - b * s;
            imaginary[j] = a * s + b * c;
        }
    }
}

PART_OF_ONE void add_row(
    const double* real, const double* imaginary, const double* table, const std::int64_t* heights, Index n, double* sums
) {
    for (Index h = 0; h < n; ++h) {
        const double *cosine = table + 2 * BLOCK * heights[h], *sine = cosine + BLOCK;
        double cc = 0.0, cs = 0.0, sc = 0.0, ss = 0.0;
#pragma omp simd reduction(+ : cc, cs, sc, ss)
        for (Index j = 0; j < BLOCK; ++j) {
            cc += real[j] * cosine[j];
            cs += real[j] * sine[j];
            sc += imaginary[j] * cosine[j];
            ss += imaginary[j] * sine[j];
        }
        double* found = sums + 4 * h;
        found[0] += cc;
        found[1] += cs;
        found[2] += sc;
        found[3] += ss;
    }
}

FOR_ALL_PROCESSORS
void fill_density_sums(
    const double* turns, Index n_frames, Index n_particles, Index dimension, const std::int64_t* species_stops,
    Index n_species, const std::int64_t* reach, Rows rows, double* sums
) {
    Index n_powers = 0;
    for (Index axis = 0; axis < dimension; ++axis) n_powers += reach[axis] + 1;
    std::vector<double> memory(2 * BLOCK * n_powers);
    std::vector<double*> tables(dimension);
    for (Index axis = 0, start = 0; axis < dimension; start += reach[axis++] + 1) tables[axis] = memory.data() + 2 * BLOCK * start;
    double real[BLOCK], imaginary[BLOCK];
    std::fill_n(sums, n_frames * n_species * rows.n_heights * 4, 0.0);
    for (Index frame = 0; frame < n_frames; ++frame)
        for (Index species = 0; species < n_species; ++species) {
            double* found = sums + 4 * rows.n_heights * (frame * n_species + species);
            const Index stop = species_stops[species];
            for (Index start = species ? species_stops[species - 1] : 0; start < stop; start += BLOCK) {
                const double* here = turns + dimension * (frame * n_particles + start);
                for (Index axis = 0; axis < dimension; ++axis)
                    fill_powers(here + axis, dimension, std::min(BLOCK, stop - start), reach[axis], tables[axis]);
                for (Index row = 0; row < rows.n_rows; ++row) {
                    const Index first = row ? rows.stops[row - 1] : 0;
                    fill_row(tables.data(), rows.prefixes + row * (dimension - 1), dimension - 1, real, imaginary);
                    add_row(
                        real, imaginary, tables[dimension - 1], rows.heights + first, rows.stops[row] - first, found + 4 * first
                    );
                }
            }
        }
}

}  // namespace glassdask
