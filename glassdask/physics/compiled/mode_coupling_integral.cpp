// The integral of mode-coupling theory over two wavevectors q + p = k, in bipolar coordinates, in O(N_k²).
//
// On the bipolar grid k_i = (i + ½) dk the integral over all q with p = |k − q| is a sum over pairs (docs/equations.md, E6)
//
//     ∫ d³q f(q, p) = (2π dk² / k_i) Σ_j Σ_{l = |i−j|}^{min(N_k−1, i+j)} q_j p_l f(q_j, p_l).
//
// For the memory kernels f is a polynomial in p² times functions of q and of p alone, so that the inner sum needs three
// moments of each function of p over the window |i−j| ≤ l ≤ i+j. The window is centred at m = max(i, j) and has the half
// width n = min(i, j): for growing n it gains its two ends,
//
//     U_r(n, m) = Σ_{l=m−n}^{m+n} P_l u_l^r φ_l,   u_l = P_l² − P_m²,   P_l = l + ½,   r = 0, 1, 2,
//
// and one window serves both (i, j) = (n, m) and (m, n). Counting from the centre of the window there is no difference of
// large prefix sums: the result agrees with the triple sum to 1e-13.

#include "mode_coupling_integral.h"

#include <vector>

namespace glassdask {

namespace {

// The moments of one function of p.
struct Moments {
    double *U_0, *U_1, *U_2;
};

}  // namespace

// P_l φ_l with zeros beyond the grid, and its moments over windows of one point, n = 0.
PART_OF_ONE void start(const double* phi, Moments moments, double* padded, const double* P, Index n_k) {
    for (Index l = 0; l < n_k; ++l) {
        padded[l] = moments.U_0[l] = P[l] * phi[l];
        padded[n_k + l] = moments.U_1[l] = moments.U_2[l] = 0.0;
    }
}

// Moments U_r(n, m) from U_r(n−1, m), for every centre m ≥ n; P_m = m + ½.
PART_OF_ONE void widen(Moments moments, const double* padded, const double* P, Index n, Index n_k) {
    const double width = double(n);
    double *__restrict U_0 = moments.U_0, *__restrict U_1 = moments.U_1, *__restrict U_2 = moments.U_2;
#pragma omp simd
    for (Index m = n; m < n_k; ++m) {
        const double twice = 2.0 * P[m], above = width * (width + twice), below = width * (width - twice);
        const double upper = padded[m + n], lower = padded[m - n];
        U_0[m] += upper + lower;
        U_1[m] += above * upper + below * lower;
        U_2[m] += above * above * upper + below * below * lower;
    }
}

FOR_ALL_PROCESSORS
void collective_sums(const double* F, const double* c, double* sums, Index n_s, Index n_k) {
    const Index n_matrices = n_s * n_s, size = n_matrices * n_k;
    thread_local std::vector<double> memory;
    memory.assign(n_k + 2 * size + 2 * n_matrices * 5 * n_k, 0.0);
    double *P = memory.data(), *H = P + n_k, *G = H + size, *place = G + size;
    for (Index i = 0; i < n_k; ++i) P[i] = double(i) + 0.5;
    const auto at = [n_s, n_k](Index a, Index b) { return (a * n_s + b) * n_k; };
    for (Index a = 0; a < n_s; ++a)
        for (Index b = 0; b < n_s; ++b)
            for (Index d = 0; d < n_s; ++d)
                for (Index i = 0; i < n_k; ++i) H[at(a, b) + i] += c[at(a, d) + i] * F[at(d, b) + i];
    for (Index a = 0; a < n_s; ++a)
        for (Index b = a; b < n_s; ++b)
            for (Index d = 0; d < n_s; ++d)
                for (Index i = 0; i < n_k; ++i) G[at(a, b) + i] += H[at(a, d) + i] * c[at(d, b) + i];
    // moments of every F_ab, a ≤ b, and H_ab: five arrays of n_k each
    const auto moments = [place, n_k](Index function) {
        double* U = place + function * 5 * n_k;
        return Moments{U, U + n_k, U + 2 * n_k};
    };
    const auto padded = [place, n_k](Index function) { return place + (function * 5 + 3) * n_k; };
    for (Index a = 0; a < n_s; ++a)
        for (Index b = 0; b < n_s; ++b) {
            const Index f = a * n_s + b;
            if (a <= b) start(F + at(a, b), moments(f), padded(f), P, n_k);
            start(H + at(a, b), moments(n_matrices + f), padded(n_matrices + f), P, n_k);
        }
    for (Index r = 0; r < size; ++r) sums[r] = 0.0;
    for (Index n = 0; n < n_k; ++n) {
        const double K_n = P[n], N_2 = K_n * K_n, N_4 = N_2 * N_2;
        for (Index a = 0; a < n_s; ++a)
            for (Index b = 0; b < n_s; ++b) {
                const Index f = a * n_s + b;
                if (n && a <= b) widen(moments(f), padded(f), P, n, n_k);
                if (n) widen(moments(n_matrices + f), padded(n_matrices + f), P, n, n_k);
            }
        for (Index a = 0; a < n_s; ++a)
            for (Index b = a; b < n_s; ++b) {
                const Moments U = moments(a * n_s + b), V = moments(n_matrices + b * n_s + a);
                const double *U_0 = U.U_0, *U_1 = U.U_1, *U_2 = U.U_2, *V_0 = V.U_0, *V_1 = V.U_1, *V_2 = V.U_2;
                const double *G_ab = G + at(a, b), *H_ab = H + at(a, b);
                double* __restrict T = sums + at(a, b);
                const double G_n = K_n * G_ab[n], H_n = K_n * H_ab[n];
                double total = 0.0;
#pragma omp simd reduction(+ : total)
                for (Index m = n; m < n_k; ++m) {
                    const double P_m = P[m], A_A = N_4 * U_0[m] - 2.0 * N_2 * U_1[m] + U_2[m];
                    // k = K_n, q = Q_m: A = N² − u, B = N² + u
                    total += P_m * (G_ab[m] * A_A + H_ab[m] * (N_4 * V_0[m] - V_2[m]));
                    // k = K_m, q = Q_n: A = N² − u, B = 2 M² − N² + u
                    const double B_0 = 2.0 * P_m * P_m - N_2;
                    T[m] += G_n * A_A + H_n * (N_2 * B_0 * V_0[m] + (N_2 - B_0) * V_1[m] - V_2[m]);
                }
                // k = q = K_n has been counted twice, the second time into T_n
                const double A_A = N_4 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n];
                T[n] += total - G_n * A_A - H_n * (N_4 * V_0[n] - V_2[n]);
            }
    }
    for (Index a = 0; a < n_s; ++a)
        for (Index b = a; b < n_s; ++b)
            for (Index i = 0; i < n_k; ++i) sums[at(b, a) + i] = sums[at(a, b) + i] /= P[i] * P[i] * P[i];
}

FOR_ALL_PROCESSORS
void tagged_sums(const double* W, const double* F, double* sums, Index n_s, Index n_k) {
    thread_local std::vector<double> memory;
    memory.assign(6 * n_k, 0.0);
    const Moments moments{memory.data(), memory.data() + n_k, memory.data() + 2 * n_k};
    double *padded = memory.data() + 3 * n_k, *P = padded + 2 * n_k;
    for (Index i = 0; i < n_k; ++i) P[i] = double(i) + 0.5;
    const double *U_0 = moments.U_0, *U_1 = moments.U_1, *U_2 = moments.U_2;
    for (Index s = 0; s < n_s; ++s) {
        const double* W_s = W + s * n_k;
        double* __restrict T = sums + s * n_k;
        start(F + s * n_k, moments, padded, P, n_k);
        for (Index i = 0; i < n_k; ++i) T[i] = 0.0;
        for (Index n = 0; n < n_k; ++n) {
            if (n) widen(moments, padded, P, n, n_k);
            const double K_n = P[n], N_2 = K_n * K_n, N_4 = N_2 * N_2, W_n = K_n * W_s[n];
            double total = 0.0;
#pragma omp simd reduction(+ : total)
            for (Index m = n; m < n_k; ++m) {
                const double A_A = N_4 * U_0[m] - 2.0 * N_2 * U_1[m] + U_2[m];
                total += P[m] * W_s[m] * A_A;
                T[m] += W_n * A_A;
            }
            T[n] += total - W_n * (N_4 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n]);
        }
        for (Index i = 0; i < n_k; ++i) T[i] /= P[i] * P[i] * P[i];
    }
}

void multiply_rows(double* M, const double* factor, Index n_pairs, Index n_k) {
    for (Index f = 0; f < n_pairs; ++f)
        for (Index i = 0; i < n_k; ++i) M[f * n_k + i] *= factor[f];
}

}  // namespace glassdask
