// The steps of the time-doubling scheme: the past of the memory integral, one iteration, the next level.
//
// Arrays have the shape (time, a, b, row); rows (wavenumbers or candidates) are independent here, and a product over
// species is a matrix product. The integral is cut at t_ī, ī = ⌊i/2⌋, and integrated by parts below it,
//
//     ∫₀^{t_i} M(t_i − τ) F'(τ) dτ = M_{i−ī} F_ī − M_i F_0 + ∫₀^{t_ī} M'(t_i − τ) F(τ) dτ + ∫₀^{t_{i−ī}} M(s) F'(t_i − s) ds,
//
// so that M' and F' are needed at long times only, where they are smooth: over a step they are a straight line. Of F and M
// at short times two moments of each step j are kept, the mean f̄_j and the skew f̃_j = h⁻² ∫ (t − centre) f dt. A straight
// line through neighbouring differences Δ_j turns the sums Σ (f̄_j Δ_j + f̃_j · slope) by summation by parts into Σ f̂_j Δ_j,
// f̂_j = f̄_j + (f̃_{j−1} − f̃_{j+1}) / 2, with the ends set right. When steps are joined in pairs the moments of both are
// kept exactly: however long the steps become, what F and M did within the first of them is not forgotten. (With means
// alone, as in Fuchs et al., the error of near-critical solutions falls as N^(a−2), a ≈ 0.3, and not as N⁻².)

#include "memory_history.h"

#include "memory_functional.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace glassdask {

// out −= factor · left (right − less), matrix products of each row; `less` may be nothing.
PART_OF_ONE void subtract_products(
    const double* left, const double* right, double factor, double* out, Index n, Index n_rows,
    const double* less = nullptr
) {
    for (Index a = 0; a < n; ++a)
        for (Index b = 0; b < n; ++b) {
            double* __restrict sum = out + (a * n + b) * n_rows;
            for (Index c = 0; c < n; ++c) {
                const double* x = left + (a * n + c) * n_rows;
                const double* y = right + (c * n + b) * n_rows;
                if (less) {
                    const double* z = less + (c * n + b) * n_rows;
#pragma omp simd
                    for (Index r = 0; r < n_rows; ++r) sum[r] -= factor * x[r] * (y[r] - z[r]);
                } else {
#pragma omp simd
                    for (Index r = 0; r < n_rows; ++r) sum[r] -= factor * x[r] * y[r];
                }
            }
        }
}

// out −= factor · (left − less) right, matrix products of each row.
PART_OF_ONE void subtract_products_of_difference(
    const double* left, const double* less, const double* right, double factor, double* out, Index n, Index n_rows
) {
    for (Index a = 0; a < n; ++a)
        for (Index b = 0; b < n; ++b) {
            double* __restrict sum = out + (a * n + b) * n_rows;
            for (Index c = 0; c < n; ++c) {
                const double* x = left + (a * n + c) * n_rows;
                const double* w = less + (a * n + c) * n_rows;
                const double* y = right + (c * n + b) * n_rows;
#pragma omp simd
                for (Index r = 0; r < n_rows; ++r) sum[r] -= factor * (x[r] - w[r]) * y[r];
            }
        }
}

FOR_ALL_PROCESSORS
void past_of_integral(
    const double* F, const double* M, const double* F_hat, const double* M_hat, const double* F_skew, const double* M_skew,
    Shape shape, Index i, double* C
) {
    const Index n = shape.n, n_rows = shape.n_rows, size = shape.matrix();
    const Index middle = i / 2, rest = i - middle, n_half = shape.n_times / 2;
    for (Index r = 0; r < size; ++r) C[r] = 0.0;
    subtract_products(M + rest * size, F + middle * size, 1.0, C, n, n_rows);
    subtract_products(M + (i - 1) * size, F_hat + size, -1.0, C, n, n_rows);
    subtract_products(M_hat + size, F + (i - 1) * size, -1.0, C, n, n_rows);
    for (Index a = 0; a < n; ++a)
        for (Index b = 0; b < n; ++b) {
            double* __restrict out = C + (a * n + b) * n_rows;
            for (Index c = 0; c < n; ++c) {
                const Index left = (a * n + c) * n_rows, right = (c * n + b) * n_rows;
                for (Index j = 2; j <= middle; ++j) {
                    const double *M_new = M + (i - j + 1) * size + left, *M_old = M_new - size;
                    const double *F_new = F + (i - j + 1) * size + right, *F_old = F_new - size;
                    const double *F_j = F_hat + j * size + right, *M_j = M_hat + j * size + left;
#pragma omp simd
                    for (Index r = 0; r < n_rows; ++r)
                        out[r] -= (M_new[r] - M_old[r]) * F_j[r] + M_j[r] * (F_new[r] - F_old[r]);
                }
            }
        }
    const double *F_m = F + middle * size, *M_r = M + rest * size;
    if (rest > middle) subtract_products(M_hat + rest * size, F_m + size, 1.0, C, n, n_rows, F_m);
    // the ends of both sums by parts
    if (middle < n_half)
        subtract_products_of_difference(M_r + size, M_r, F_skew + (middle + 1) * size, 0.5, C, n, n_rows);
    if (rest < n_half) subtract_products(M_skew + (rest + 1) * size, F_m + size, 0.5, C, n, n_rows, F_m);
    subtract_products_of_difference(M_r, M_r - size, F_skew + middle * size, 0.5, C, n, n_rows);
    subtract_products(M_skew + rest * size, F_m, 0.5, C, n, n_rows, F_m - size);
}

// The polynomial through the n times before, Σ_j (−1)^(j+1) (n over j) f_(i−j), is written to f_i.
PART_OF_ONE void go_on(double* values, Index size, Index i, Index n) {
    double* __restrict now = values + i * size;
    double weight = double(n);
    const double* last = now - size;
#pragma omp simd
    for (Index r = 0; r < size; ++r) now[r] = weight * last[r];
    for (Index j = 2; j <= n; ++j) {
        weight *= -double(n - j + 1) / double(j);
        const double* before = now - j * size;
#pragma omp simd
        for (Index r = 0; r < size; ++r) now[r] += weight * before[r];
    }
}

FOR_ALL_PROCESSORS
void begin_step(double* F, double* M, Shape shape, Index i, double power, bool is_newtonian, Index n, double* C) {
    const double f_1 = (is_newtonian ? 5.0 : 2.0) / power, f_2 = (is_newtonian ? -4.0 : -0.5) / power;
    const double f_3 = (is_newtonian ? 1.0 : 0.0) / power;
    const Index size = shape.matrix();
    const double *F_1 = F + (i - 1) * size, *F_2 = F_1 - size, *F_3 = F_2 - size;
#pragma omp simd
    for (Index r = 0; r < size; ++r) C[r] += f_1 * F_1[r] + f_2 * F_2[r] + f_3 * F_3[r];
    go_on(F, size, i, n);
    go_on(M, size, i, n);
}

FOR_ALL_PROCESSORS
double next_iterate(
    const double* A_inverse, const double* D, const double* C, const double* M_i, double* F_i, double* change,
    const double* scale, Index n, Index n_rows
) {
    thread_local std::vector<double> right_side;
    right_side.assign(C, C + n * n * n_rows);
    double* right = right_side.data();
    subtract_products(M_i, D, -1.0, right, n, n_rows);
    double largest = 0.0;
    for (Index a = 0; a < n; ++a)
        for (Index b = 0; b < n; ++b) {
            double* __restrict out = change + (a * n + b) * n_rows;
            double* __restrict old = F_i + (a * n + b) * n_rows;
#pragma omp simd
            for (Index r = 0; r < n_rows; ++r) out[r] = -old[r];
            for (Index c = 0; c < n; ++c) {
                const double *inverse = A_inverse + (a * n + c) * n_rows, *vector = right + (c * n + b) * n_rows;
#pragma omp simd
                for (Index r = 0; r < n_rows; ++r) out[r] += inverse[r] * vector[r];
            }
            double here = 0.0, finite = 0.0;
#pragma omp simd reduction(max : here) reduction(+ : finite)
            for (Index r = 0; r < n_rows; ++r) {
                old[r] += out[r];
                const double size = std::fabs(out[r]) / scale[r];
                here = size > here ? size : here;
                finite += size * 0.0;  // NaN where a value is not finite, which no comparison sees
            }
            if (finite != 0.0) here = std::numeric_limits<double>::infinity();
            largest = here > largest ? here : largest;
        }
    return largest;
}

FOR_ALL_PROCESSORS
void leap_ahead(double* F_i, const double* change, const double* change_before, Index size) {
    double both = 0.0, square = 0.0;
#pragma omp simd reduction(+ : both, square)
    for (Index r = 0; r < size; ++r) {
        both += change[r] * change_before[r];
        square += change_before[r] * change_before[r];
    }
    if (!(both > 0.0 && both < 0.999 * square)) return;
    const double factor = both / (square - both);
#pragma omp simd
    for (Index r = 0; r < size; ++r) F_i[r] += change[r] * factor;
}

FOR_ALL_PROCESSORS
void moments_of_step(const double* values, double* means, double* skews, Shape shape, Index i) {
    const Index size = shape.matrix();
    const double *now = values + i * size, *before = now - size, *older = i > 1 ? before - size : before;
    double *__restrict mean = means + i * size, *__restrict skew = skews + i * size;
    // the parabola through the last three times; the straight line through two at the start
    const double f_0 = i > 1 ? 5.0 / 12.0 : 0.5, f_1 = i > 1 ? 8.0 / 12.0 : 0.5, f_2 = i > 1 ? 1.0 / 12.0 : 0.0;
#pragma omp simd
    for (Index r = 0; r < size; ++r) {
        mean[r] = f_0 * now[r] + f_1 * before[r] - f_2 * older[r];
        skew[r] = (now[r] - before[r]) * (1.0 / 12.0);
    }
}

FOR_ALL_PROCESSORS
void halve_block(double* values, double* means, double* skews, Shape shape) {
    const Index size = shape.matrix();
    for (Index i = 1; i <= shape.n_times / 2; ++i) {
        // for i = 1 the first of the two steps lies where the joined one is written: each row is read before that
        double *mean = means + i * size, *skew = skews + i * size, *value = values + i * size;
        const double *mean_1 = means + (2 * i - 1) * size, *mean_2 = means + 2 * i * size;
        const double *skew_1 = skews + (2 * i - 1) * size, *skew_2 = skews + 2 * i * size;
        const double* later = values + 2 * i * size;
#pragma omp simd
        for (Index r = 0; r < size; ++r) {
            const double first = mean_1[r], second = mean_2[r];
            skew[r] = 0.25 * (skew_1[r] + skew_2[r]) + 0.125 * (second - first);
            mean[r] = 0.5 * (first + second);
            value[r] = later[r];
        }
    }
}

FOR_ALL_PROCESSORS
void weights_of_differences(const double* means, const double* skews, double* hats, Shape shape) {
    const Index size = shape.matrix(), n_half = shape.n_times / 2;
    for (Index j = 1; j <= n_half; ++j) {
        // at the beginning the slope is that between the first two steps, at the end that before it
        const double* before = skews + (j == 1 ? 1 : j - 1) * size;
        const double* after = j == n_half ? before : skews + (j + 1) * size;
        const double f_before = j == 1 ? -1.0 : j == 2 ? 1.0 : 0.5, f_after = j == n_half ? 0.0 : 0.5;
        const double* mean = means + j * size;
        double* __restrict hat = hats + j * size;
#pragma omp simd
        for (Index r = 0; r < size; ++r) hat[r] = mean[r] + f_before * before[r] - f_after * after[r];
    }
}

// F_i = A⁻¹ (M_i D + C), iterated from the first guess of M_i where it depends on F_i.
static StepsEnd iterate_step(
    double* F_i, double* M_i, const double* C, double* now, double* before, Shape shape, const Level& level,
    MemoryFunctional& memory, bool is_given, Iteration& iteration, Index place, Index i
) {
    const auto next = [&] {
        return next_iterate(level.A_inverse, level.D, C, M_i, F_i, now, level.scale, shape.n, shape.n_rows);
    };
    if (!is_given) next();
    for (Index n = 1; n <= iteration.most; ++n) {
        memory.fill(place, i, F_i, M_i);
        ++iteration.n_evaluations;
        std::swap(now, before);
        const double largest = next();
        if (is_given) return StepsEnd::DONE;
        iteration.of_level = n > iteration.of_level ? n : iteration.of_level;
        if (largest < iteration.tolerance) return StepsEnd::DONE;
        if (!(largest < iteration.bound)) return StepsEnd::DIVERGED;
        if (n % 2 == 0) leap_ahead(F_i, now, before, shape.matrix());
    }
    return StepsEnd::NOT_RESOLVED;
}

StepsEnd solve_steps(
    Block F, Block M, Shape shape, const Level& level, MemoryFunctional& memory, bool is_given, Iteration& iteration,
    Index first, Index last, double* work, double* found_F, double* found_M
) {
    const Index size = shape.matrix(), n_half = shape.n_times / 2;
    double *C = work, *now = C + size, *before = now + size;
    for (Index i = first; i <= last; ++i) {
        past_of_integral(F.values, M.values, F.hats, M.hats, F.skews, M.skews, shape, i, C);
        if (level.source)
            for (Index r = 0; r < size; ++r) C[r] += level.source[r];
        const bool is_slow = iteration.of_level_before > iteration.many || iteration.of_level > iteration.many;
        const Index most_times = is_slow ? iteration.few_times : std::min(iteration.most_times, i / 2);
        const Index n_times = std::max(iteration.few_times, most_times), place = level.place + i - n_half;
        begin_step(F.values, M.values, shape, i, level.power, level.is_newtonian, n_times, C);
        double *F_i = F.values + i * size, *M_i = M.values + i * size;
        const StepsEnd end =
            iterate_step(F_i, M_i, C, now, before, shape, level, memory, is_given, iteration, place, i);
        if (end != StepsEnd::DONE) return end;
        moments_of_step(F.values, F.means, F.skews, shape, i);
        moments_of_step(M.values, M.means, M.skews, shape, i);
        std::copy(F_i, F_i + size, found_F + place * size);
        std::copy(M_i, M_i + size, found_M + place * size);
    }
    return StepsEnd::DONE;
}

}  // namespace glassdask
