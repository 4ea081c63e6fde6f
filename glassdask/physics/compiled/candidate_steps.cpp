// The steps of the time-doubling scheme for one species and memories of eq. 6, many candidates at once.
//
// The mathematics is that of memory_history.cpp, whose steps are for matrices over species and for memories that follow
// from F; to 1e-13 the numbers are the same. Here candidates are solved sixteen at a time, so that all that a step needs lies
// in the first-level cache and the sum over the past in registers; both differences of the integral are kept; nothing is
// iterated; and (t/τ)^b is computed once and multiplied by 2^b whenever the step is doubled. A few candidates, or the last few,
// are solved eight or four at a time: one accurate solution then costs a third.

#include "candidate_steps.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace glassdask {

namespace {

// Candidates that are solved together; a last few go into less, filled up with copies of one of them.
constexpr Index WIDEST = 16;
// exp(−u) is below the rounding of all that it is added to from here on.
constexpr double LARGEST_EXPONENT = 40.0;

}  // namespace

// exp(−u) for 0 ≤ u < 700 to 2e-16, without a call or a branch: 2^n exp(r), |r| ≤ ln 2 / 2, by its Taylor series (Cody and
// Waite, Software Manual, 1980).
PART_OF_ONE double exponential(double u) {
    constexpr double INTO_LAST_BITS = 6755399441055744.0;  // 1.5 · 2^52: what is added to it is rounded to a whole number
    const double shifted = -u * 1.4426950408889634 + INTO_LAST_BITS;
    const double n = shifted - INTO_LAST_BITS;
    const double r = (-u - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    double sum = 1.0 / 6227020800.0;
    sum = sum * r + 1.0 / 479001600.0;
    sum = sum * r + 1.0 / 39916800.0;
    sum = sum * r + 1.0 / 3628800.0;
    sum = sum * r + 1.0 / 362880.0;
    sum = sum * r + 1.0 / 40320.0;
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    std::uint64_t bits, exponent;
    std::memcpy(&bits, &sum, sizeof bits);
    std::memcpy(&exponent, &shifted, sizeof exponent);
    bits += exponent << 52;
    std::memcpy(&sum, &bits, sizeof sum);
    return sum;
}

// M = K + Σ_m A_m exp(−(t/τ)^b) of one time from (t/τ)^b at half of it, which grows by 2^b when the step is doubled.
PART_OF_ONE void grown_memory(
    const double* K, const double* amplitudes, double* powers, Index stride, const double* growth, Index n_exp,
    Index n_rows, double* __restrict M
) {
    for (Index r = 0; r < n_rows; ++r) M[r] = K[r];
    for (Index m = 0; m < n_exp; ++m) {
        const double *amplitude = amplitudes + m * n_rows, *factor = growth + m * n_rows;
        double* __restrict power = powers + m * stride;
#pragma omp simd
        for (Index r = 0; r < n_rows; ++r) {
            const double u = power[r] * factor[r];
            power[r] = u;
            const double decayed = amplitude[r] * exponential(u < LARGEST_EXPONENT ? u : 0.0);
            M[r] += u < LARGEST_EXPONENT ? decayed : 0.0;
        }
    }
}

FOR_ALL_PROCESSORS
void memory_at(
    const double* K, const double* amplitudes, double* powers, const double* growth, Index n_exp, Index n_rows, double* M
) {
    grown_memory(K, amplitudes, powers, n_rows, growth, n_exp, n_rows, M);
}

// What one tile of candidates is solved in: (time, row), as memory_history.h names its arrays; `step` is F_i − F_{i−1}.
struct History {
    double *values, *step, *mean, *skew, *hat;
};

// Difference, mean and skew of the steps that end at the times first … stop − 1.
template <Index WIDTH>
PART_OF_ONE void moments(History f, Index first, Index stop) {
    for (Index i = first; i < stop; ++i) {
        const double *now = f.values + i * WIDTH, *before = now - WIDTH, *older = i > 1 ? before - WIDTH : before;
        double *__restrict step = f.step + i * WIDTH, *__restrict mean = f.mean + i * WIDTH;
        double* __restrict skew = f.skew + i * WIDTH;
        const double f_0 = i > 1 ? 5.0 / 12.0 : 0.5, f_1 = i > 1 ? 8.0 / 12.0 : 0.5, f_2 = i > 1 ? 1.0 / 12.0 : 0.0;
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) {
            step[r] = now[r] - before[r];
            skew[r] = step[r] * (1.0 / 12.0);
            mean[r] = f_0 * now[r] + f_1 * before[r] - f_2 * older[r];
        }
    }
}

// As `halve_block` and `weights_of_differences` of memory_history.cpp.
template <Index WIDTH>
PART_OF_ONE void halve(History f, Index n_half) {
    for (Index i = 1; i <= n_half; ++i) {
        const double *mean_1 = f.mean + (2 * i - 1) * WIDTH, *mean_2 = mean_1 + WIDTH;
        const double *skew_1 = f.skew + (2 * i - 1) * WIDTH, *skew_2 = skew_1 + WIDTH;
        const double *later = f.values + 2 * i * WIDTH, *before = f.values + (i - 1) * WIDTH;
        double *mean = f.mean + i * WIDTH, *skew = f.skew + i * WIDTH, *value = f.values + i * WIDTH;
        double* step = f.step + i * WIDTH;
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) {
            const double low = mean_1[r], high = mean_2[r];
            skew[r] = 0.25 * (skew_1[r] + skew_2[r]) + 0.125 * (high - low);
            mean[r] = 0.5 * (low + high);
            value[r] = later[r];
            step[r] = value[r] - before[r];
        }
    }
    for (Index j = 1; j <= n_half; ++j) {
        const double* before = f.skew + (j == 1 ? 1 : j - 1) * WIDTH;
        const double* after = j == n_half ? before : f.skew + (j + 1) * WIDTH;
        const double f_before = j == 1 ? -1.0 : j == 2 ? 1.0 : 0.5, f_after = j == n_half ? 0.0 : 0.5;
        const double* mean = f.mean + j * WIDTH;
        double* __restrict hat = f.hat + j * WIDTH;
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) hat[r] = mean[r] + f_before * before[r] - f_after * after[r];
    }
}

// As `past_of_integral` of memory_history.cpp, for one species.
template <Index WIDTH>
PART_OF_ONE void past(History F, History M, Index i, Index n_half, double* __restrict C) {
    const Index middle = i / 2, rest = i - middle;
    double sum[WIDTH];
    {
        const double *M_1 = M.values + (i - 1) * WIDTH, *F_1 = F.values + (i - 1) * WIDTH;
        const double *M_r = M.values + rest * WIDTH, *F_m = F.values + middle * WIDTH;
        const double *M_step = M.step + rest * WIDTH, *F_step = F.step + middle * WIDTH;
        const double *F_skew = F.skew + middle * WIDTH, *M_skew = M.skew + rest * WIDTH;
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r)
            sum[r] = M_1[r] * F.hat[WIDTH + r] + M.hat[WIDTH + r] * F_1[r] - M_r[r] * F_m[r]
                - 0.5 * (M_step[r] * F_skew[r] + M_skew[r] * F_step[r]);
    }
    for (Index j = 2; j <= middle; ++j) {
        const double *M_new = M.step + (i - j + 1) * WIDTH, *F_new = F.step + (i - j + 1) * WIDTH;
        const double *F_j = F.hat + j * WIDTH, *M_j = M.hat + j * WIDTH;
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) sum[r] -= M_new[r] * F_j[r] + M_j[r] * F_new[r];
    }
    const double* F_next = F.step + (middle + 1) * WIDTH;
    if (rest > middle)
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) sum[r] -= M.hat[rest * WIDTH + r] * F_next[r];
    if (middle < n_half)
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) sum[r] -= 0.5 * M.step[(rest + 1) * WIDTH + r] * F.skew[(middle + 1) * WIDTH + r];
    if (rest < n_half)
#pragma omp simd
        for (Index r = 0; r < WIDTH; ++r) sum[r] -= 0.5 * M.skew[(rest + 1) * WIDTH + r] * F_next[r];
#pragma omp simd
    for (Index r = 0; r < WIDTH; ++r) C[r] = sum[r];
}

// (t/τ)^b of the first block: of odd steps as it is, of even ones from half the step.
template <Index WIDTH>
PART_OF_ONE void first_powers(double h, const double* times, const double* stretches, Index n_exp, Index length, double* powers) {
    for (Index m = 0; m < n_exp; ++m) {
        double* power = powers + m * length * WIDTH;
        for (Index r = 0; r < WIDTH; ++r) {
            const double b = stretches[m * WIDTH + r], offset = std::log(h / times[m * WIDTH + r]), growth = std::exp2(b);
            power[r] = 0.0;
            for (Index i = 1; i < length; i += 2) power[i * WIDTH + r] = std::exp(b * (std::log(double(i)) + offset));
            for (Index i = 2; i < length; i += 2) power[i * WIDTH + r] = power[i / 2 * WIDTH + r] * growth;
        }
    }
}

// F from its expansion in t.
template <Index WIDTH>
PART_OF_ONE void fill_first_block(const double* Omega, const double* M_0, double h, bool is_newtonian, Index length, double* F) {
    for (Index i = 0; i < length; ++i) {
        const double t = double(i) * h;
        const double first = is_newtonian ? t * t / 2.0 : t, second = is_newtonian ? t * t * t * t / 24.0 : t * t / 2.0;
        for (Index r = 0; r < WIDTH; ++r) F[i * WIDTH + r] = 1.0 - Omega[r] * first + Omega[r] * (Omega[r] + M_0[r]) * second;
    }
}

// What a candidate takes: its column, 2^b, two numbers of a step, ten arrays over a block, (t/τ)^b.
PART_OF_ONE Index doubles_of_tile(Index n_exp, Index n_half) {
    return 2 + 3 * n_exp + n_exp + 2 + (10 + n_exp) * (2 * n_half + 1);
}

// WIDTH candidates from the column `first` on, of which `n_here` are wanted; `memory` has room for them.
template <Index WIDTH>
PART_OF_ONE void solve_tile(
    const double* columns, Index n_exp, Index n_rows, Index first, Index n_here, double first_step, Index n_levels, Index n_half,
    bool is_newtonian, double* memory, double* found
) {
    const Index length = 2 * n_half + 1, n_columns = 2 + 3 * n_exp, block = length * WIDTH;
    std::fill_n(memory, doubles_of_tile(n_exp, n_half) * WIDTH, 0.0);
    double* place = memory;
    const auto next = [&place](Index size) { double* here = place; place += size; return here; };
    double* tile = next(n_columns * WIDTH);
    double *growth = next(n_exp * WIDTH), *C = next(WIDTH), *A = next(WIDTH);
    const History F{next(block), next(block), next(block), next(block), next(block)};
    const History M{next(block), next(block), next(block), next(block), next(block)};
    double* powers = next(n_exp * block);
    const double *Omega = tile, *K = tile + WIDTH, *amplitudes = tile + 2 * WIDTH;
    const double *times = amplitudes + n_exp * WIDTH, *stretches = times + n_exp * WIDTH;
    for (Index column = 0; column < n_columns; ++column)
        for (Index r = 0; r < WIDTH; ++r)
            tile[column * WIDTH + r] = columns[column * n_rows + first + std::min(r, n_here - 1)];
    const auto store = [&](Index i, Index to) {
        std::copy_n(F.values + i * WIDTH, n_here, found + to * n_rows + first);
    };
    first_powers<WIDTH>(first_step, times, stretches, n_exp, length, powers);
    std::fill_n(growth, n_exp * WIDTH, 1.0);
    for (Index i = 0; i < length; ++i)
        grown_memory(K, amplitudes, powers + i * WIDTH, block, growth, n_exp, WIDTH, M.values + i * WIDTH);
    for (Index r = 0; r < n_exp * WIDTH; ++r) growth[r] = std::exp2(stretches[r]);
    fill_first_block<WIDTH>(Omega, M.values, first_step, is_newtonian, length, F.values);
    moments<WIDTH>(F, 1, length);
    moments<WIDTH>(M, 1, length);
    for (Index i = 0; i < length; ++i) store(i, i);
    double h = first_step;
    for (Index level = 1; level <= n_levels; ++level) {
        h *= 2.0;
        halve<WIDTH>(F, n_half);
        halve<WIDTH>(M, n_half);
        for (Index i = n_half + 1; i < length; ++i)
            grown_memory(K, amplitudes, powers + i * WIDTH, block, growth, n_exp, WIDTH, M.values + i * WIDTH);
        moments<WIDTH>(M, n_half + 1, length);
        const double inverse = is_newtonian ? 1.0 / (h * h) : 1.0 / h, leading = (is_newtonian ? 2.0 : 1.5) * inverse;
        for (Index r = 0; r < WIDTH; ++r) A[r] = 1.0 / (leading + Omega[r] + M.hat[WIDTH + r]);
        // what the backward difference of second order holds besides F_i
        const double f_1 = (is_newtonian ? 5.0 : 2.0) * inverse, f_2 = (is_newtonian ? -4.0 : -0.5) * inverse;
        const double f_3 = (is_newtonian ? 1.0 : 0.0) * inverse;
        for (Index i = n_half + 1; i < length; ++i) {
            past<WIDTH>(F, M, i, n_half, C);
            double* __restrict F_i = F.values + i * WIDTH;
            const double *F_1 = F_i - WIDTH, *F_2 = F_1 - WIDTH, *F_3 = F_2 - WIDTH, *M_i = M.values + i * WIDTH;
#pragma omp simd
            for (Index r = 0; r < WIDTH; ++r)
                F_i[r] = A[r] * (M_i[r] * (1.0 - F.hat[WIDTH + r]) + C[r] + f_1 * F_1[r] + f_2 * F_2[r] + f_3 * F_3[r]);
            moments<WIDTH>(F, i, i + 1);
            store(i, length + (level - 1) * n_half + i - n_half - 1);
        }
    }
}

FOR_ALL_PROCESSORS
void solve_pack(
    const double* columns, Index n_exp, Index n_rows, double first_step, Index n_levels, Index n_half, bool is_newtonian,
    double* found
) {
    thread_local std::vector<double> memory;
    memory.resize(doubles_of_tile(n_exp, n_half) * WIDEST);
    double* room = memory.data();
    for (Index first = 0; first < n_rows;) {
        const Index left = n_rows - first, width = left > 8 ? WIDEST : left > 4 ? 8 : 4, n_here = std::min(width, left);
        if (width == WIDEST)
            solve_tile<WIDEST>(columns, n_exp, n_rows, first, n_here, first_step, n_levels, n_half, is_newtonian, room, found);
        else if (width == 8)
            solve_tile<8>(columns, n_exp, n_rows, first, n_here, first_step, n_levels, n_half, is_newtonian, room, found);
        else
            solve_tile<4>(columns, n_exp, n_rows, first, n_here, first_step, n_levels, n_half, is_newtonian, room, found);
        first += n_here;
    }
}

FOR_ALL_PROCESSORS
void interpolated_rows(
    const double* F, Index n_rows, const std::int64_t* places, const double* weights, Index n_times, double* result
) {
    for (Index j = 0; j < n_times; ++j)
        for (Index r = 0; r < n_rows; ++r) {
            double sum = 0.0;
            for (Index p = 0; p < 4; ++p) sum += weights[4 * j + p] * F[places[4 * j + p] * n_rows + r];
            result[r * n_times + j] = sum;
        }
}

}  // namespace glassdask
