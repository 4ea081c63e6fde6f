// One iteration for the long-time limit of mode-coupling theory (docs/equations.md, E5),
//
//     F ← S − (S⁻¹ + m[F])⁻¹,
//
// matrices over species in n_k rows, (a, b, row), rows contiguous. S⁻¹ + m is symmetric and positive definite, so that
// elimination needs no pivots, and one operation of it is done in all rows at once.

#include "long_time_limit.h"

#include <cmath>
#include <vector>

#include "mode_coupling_integral.h"

namespace glassdask {

// A ← A⁻¹ of every row, by Gauss and Jordan.
PART_OF_ONE void invert_rows(double* A, Index n, Index n_k) {
    const auto at = [A, n, n_k](Index a, Index b) { return A + (a * n + b) * n_k; };
    for (Index p = 0; p < n; ++p) {
        double* __restrict pivot = at(p, p);
#pragma omp simd
        for (Index i = 0; i < n_k; ++i) pivot[i] = 1.0 / pivot[i];
        for (Index b = 0; b < n; ++b) {
            if (b == p) continue;
            double* __restrict row = at(p, b);
#pragma omp simd
            for (Index i = 0; i < n_k; ++i) row[i] *= pivot[i];
        }
        for (Index a = 0; a < n; ++a) {
            if (a == p) continue;
            double* __restrict factor = at(a, p);
            for (Index b = 0; b < n; ++b) {
                if (b == p) continue;
                const double* row = at(p, b);
                double* __restrict out = at(a, b);
#pragma omp simd
                for (Index i = 0; i < n_k; ++i) out[i] -= factor[i] * row[i];
            }
#pragma omp simd
            for (Index i = 0; i < n_k; ++i) factor[i] *= -pivot[i];
        }
    }
}

FOR_ALL_PROCESSORS
LimitStep next_limit(
    double* F, const double* S, const double* S_inverse, const double* c, const double* factor, const double* scale,
    double* change, Index n, Index n_k
) {
    const Index size = n * n * n_k;
    thread_local std::vector<double> memory;
    memory.resize(size);
    double* __restrict A = memory.data();
    collective_sums(F, c, A, n, n_k);
#pragma omp simd
    for (Index r = 0; r < size; ++r) A[r] = S_inverse[r] + factor[r] * A[r];
    invert_rows(A, n, n_k);
    double largest = 0.0, most = 0.0, both = 0.0, before_square = 0.0, square = 0.0;
#pragma omp simd reduction(max : largest, most) reduction(+ : both, before_square, square)
    for (Index r = 0; r < size; ++r) {
        const double now = S[r] - A[r], before = change[r], difference = now - F[r];
        both += difference * before;
        before_square += before * before;
        square += difference * difference;
        const double here = std::fabs(now) / scale[r], moved = std::fabs(difference) / scale[r];
        most = here > most ? here : most;
        largest = moved > largest ? moved : largest;
        F[r] = now;
        change[r] = difference;
    }
    if (!std::isfinite(square)) most = largest = square;  // which comparisons don't see
    return {most, largest, both, before_square, square};
}

}  // namespace glassdask
