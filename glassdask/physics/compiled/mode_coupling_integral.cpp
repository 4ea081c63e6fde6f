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
//
// All that belongs to one pair (a, b) is done in one loop over the centres m of a half width n: F_ab and H_ba are widened and
// used while their moments are in registers. Loops are of whole aligned vectors: they begin below n, at centres that are done,
// and end beyond the grid. What is found there is not used: q is 0 there, and T_n is kept when it is complete.

#include "mode_coupling_integral.h"

#include <cstdint>
#include <vector>

namespace glassdask {

namespace {

// Doubles of the widest vector unit.
constexpr Index WIDEST = 8;

Index whole_vectors(Index count) { return (count + WIDEST - 1) & ~(WIDEST - 1); }

// Arrays of zeros that follow each other in one piece of memory, each at the beginning of a vector.
class Pieces {
   public:
    Pieces(std::vector<double>& memory, Index size) {
        memory.assign(size + WIDEST, 0.0);
        next = memory.data();
        while (reinterpret_cast<std::uintptr_t>(next) % (WIDEST * sizeof(double))) ++next;
    }
    double* take(Index size) {
        double* piece = next;
        next += whole_vectors(size);
        return piece;
    }

   private:
    double* next;
};

// P_l φ_l with zeros on both sides of the grid, and its moments U_r(n, m) over windows of half width n about m.
struct Windows {
    double *padded, *U_0, *U_1, *U_2;

    static Index size(Index n_k) { return WIDEST + whole_vectors(2 * n_k + WIDEST) + 3 * whole_vectors(n_k); }
    Windows(Pieces& pieces, Index n_k)
        : padded(pieces.take(WIDEST + 2 * n_k + WIDEST) + WIDEST),
          U_0(pieces.take(n_k)),
          U_1(pieces.take(n_k)),
          U_2(pieces.take(n_k)) {}
};

struct Three {
    double U_0, U_1, U_2;
};

}  // namespace

// A window of one point gains the same point at both ends when it is widened by n = 0: so it begins with it taken off.
PART_OF_ONE void start(const double* phi, Windows& windows, const double* P, Index n_k) {
#pragma omp simd
    for (Index l = 0; l < n_k; ++l) {
        windows.padded[l] = P[l] * phi[l];
        windows.U_0[l] = -windows.padded[l];
        windows.U_1[l] = windows.U_2[l] = 0.0;
    }
    for (Index l = n_k; l < whole_vectors(n_k); ++l) windows.U_0[l] = windows.U_1[l] = windows.U_2[l] = 0.0;
}

// U_r(n, m) from U_r(n−1, m); `above` and `below` are u of the two ends that are gained, `upper` and `lower` P φ there.
PART_OF_ONE Three widen(double& U_0, double& U_1, double& U_2, double above, double below, double upper, double lower) {
    const double first_above = above * upper, first_below = below * lower;
    U_0 += upper + lower;
    U_1 += first_above + first_below;
    U_2 += above * first_above + below * first_below;
    return {U_0, U_1, U_2};
}

// T_m and T_n of all windows of half width n, and T_n, which is complete; PG and PH are P times G_ab and H_ab.
PART_OF_ONE double add_pair(double* PG, double* PH, Windows F, Windows H, const double* P, double* T, Index n, Index n_k) {
    const double N_2 = P[n] * P[n], N_4 = N_2 * N_2, width = double(n), G_n = PG[n], H_n = PH[n];
    double *__restrict U_0 = F.U_0, *__restrict U_1 = F.U_1, *__restrict U_2 = F.U_2;
    double *__restrict V_0 = H.U_0, *__restrict V_1 = H.U_1, *__restrict V_2 = H.U_2;
    const double *F_upper = F.padded + n, *F_lower = F.padded - n, *H_upper = H.padded + n, *H_lower = H.padded - n;
    double* __restrict T_m = T;
    double total = 0.0;
    const Index first = n & ~(WIDEST - 1), last = whole_vectors(n_k);
#pragma omp simd reduction(+ : total) aligned(PG, PH, P, T_m, U_0, U_1, U_2, V_0, V_1, V_2 : 64)
    for (Index m = first; m < last; ++m) {
        const double twice = 2.0 * P[m], above = width * (width + twice), below = width * (width - twice);
        const Three U = widen(U_0[m], U_1[m], U_2[m], above, below, F_upper[m], F_lower[m]);
        const Three V = widen(V_0[m], V_1[m], V_2[m], above, below, H_upper[m], H_lower[m]);
        const double A_A = N_4 * U.U_0 - 2.0 * N_2 * U.U_1 + U.U_2;
        // k = K_n, q = Q_m: A = N² − u, B = N² + u
        total += PG[m] * A_A + PH[m] * (N_4 * V.U_0 - V.U_2);
        // k = K_m, q = Q_n: A = N² − u, B = 2 M² − N² + u
        const double B_0 = twice * P[m] - N_2;
        T_m[m] += G_n * A_A + H_n * (N_2 * B_0 * V.U_0 + (N_2 - B_0) * V.U_1 - V.U_2);
    }
    PG[n] = PH[n] = 0.0;
    // k = q = K_n has been counted twice, the second time into T_n
    return T[n] + total - G_n * (N_4 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n]) - H_n * (N_4 * V_0[n] - V_2[n]);
}

// sum += left · right of each row.
PART_OF_ONE void add_product(const double* left, const double* right, double* __restrict sum, Index n_k) {
#pragma omp simd
    for (Index i = 0; i < n_k; ++i) sum[i] += left[i] * right[i];
}

FOR_ALL_PROCESSORS
void collective_sums(const double* F, const double* c, double* sums, Index n_s, Index n_k) {
    const Index length = whole_vectors(n_k), size = n_s * n_s * n_k;
    thread_local std::vector<double> memory;
    Pieces pieces(memory, 4 * length + whole_vectors(size) + 2 * Windows::size(n_k));
    double *P = pieces.take(n_k), *PG = pieces.take(n_k), *PH = pieces.take(n_k), *T = pieces.take(n_k);
    double* H = pieces.take(size);
    Windows of_F(pieces, n_k), of_H(pieces, n_k);
    for (Index i = 0; i < length; ++i) P[i] = double(i) + 0.5;
    const auto at = [n_s, n_k](Index a, Index b) { return (a * n_s + b) * n_k; };
    for (Index a = 0; a < n_s; ++a)
        for (Index b = 0; b < n_s; ++b)
            for (Index d = 0; d < n_s; ++d) add_product(c + at(a, d), F + at(d, b), H + at(a, b), n_k);
    for (Index a = 0; a < n_s; ++a)
        for (Index b = a; b < n_s; ++b) {
            for (Index i = 0; i < length; ++i) PG[i] = T[i] = 0.0;
            for (Index d = 0; d < n_s; ++d) add_product(H + at(a, d), c + at(d, b), PG, n_k);
            for (Index i = 0; i < n_k; ++i) {
                PG[i] *= P[i];
                PH[i] = P[i] * H[at(a, b) + i];
            }
            start(F + at(a, b), of_F, P, n_k);
            start(H + at(b, a), of_H, P, n_k);
            for (Index n = 0; n < n_k; ++n)
                sums[at(b, a) + n] = sums[at(a, b) + n] =
                    add_pair(PG, PH, of_F, of_H, P, T, n, n_k) / (P[n] * P[n] * P[n]);
        }
}

FOR_ALL_PROCESSORS
void tagged_sums(const double* W, const double* F, double* sums, Index n_s, Index n_k) {
    const Index length = whole_vectors(n_k);
    thread_local std::vector<double> memory;
    Pieces pieces(memory, 3 * length + Windows::size(n_k));
    double *P = pieces.take(n_k), *PW = pieces.take(n_k), *T = pieces.take(n_k);
    Windows windows(pieces, n_k);
    for (Index i = 0; i < length; ++i) P[i] = double(i) + 0.5;
    for (Index s = 0; s < n_s; ++s) {
        for (Index i = 0; i < length; ++i) T[i] = 0.0;
        for (Index i = 0; i < n_k; ++i) PW[i] = P[i] * W[s * n_k + i];
        start(F + s * n_k, windows, P, n_k);
        for (Index n = 0; n < n_k; ++n) {
            const double N_2 = P[n] * P[n], N_4 = N_2 * N_2, width = double(n), W_n = PW[n];
            double *__restrict U_0 = windows.U_0, *__restrict U_1 = windows.U_1, *__restrict U_2 = windows.U_2;
            const double *upper = windows.padded + n, *lower = windows.padded - n;
            double* __restrict T_m = T;
            double total = 0.0;
            const Index first = n & ~(WIDEST - 1);
#pragma omp simd reduction(+ : total) aligned(PW, P, T_m, U_0, U_1, U_2 : 64)
            for (Index m = first; m < length; ++m) {
                const double twice = 2.0 * P[m], above = width * (width + twice), below = width * (width - twice);
                const Three U = widen(U_0[m], U_1[m], U_2[m], above, below, upper[m], lower[m]);
                const double A_A = N_4 * U.U_0 - 2.0 * N_2 * U.U_1 + U.U_2;
                total += PW[m] * A_A;
                T_m[m] += W_n * A_A;
            }
            PW[n] = 0.0;
            total += T[n] - W_n * (N_4 * U_0[n] - 2.0 * N_2 * U_1[n] + U_2[n]);
            sums[s * n_k + n] = total / (P[n] * P[n] * P[n]);
        }
    }
}

FOR_ALL_PROCESSORS
void window_moments(const double* phi, double* moments, Index n_rows, Index n_k) {
    const Index length = whole_vectors(n_k);
    thread_local std::vector<double> memory;
    Pieces pieces(memory, length + Windows::size(n_k));
    double* P = pieces.take(n_k);
    Windows windows(pieces, n_k);
    for (Index i = 0; i < length; ++i) P[i] = double(i) + 0.5;
    for (Index row = 0; row < n_rows; ++row) {
        start(phi + row * n_k, windows, P, n_k);
        double *__restrict U_0 = windows.U_0, *__restrict U_1 = windows.U_1, *__restrict U_2 = windows.U_2;
        for (Index n = 0; n < n_k; ++n) {
            const double width = double(n), *upper = windows.padded + n, *lower = windows.padded - n;
            double* out = moments + (row * 3 * n_k + n) * n_k;
#pragma omp simd
            for (Index m = n; m < n_k; ++m) {
                const double twice = 2.0 * P[m], above = width * (width + twice), below = width * (width - twice);
                const Three U = widen(U_0[m], U_1[m], U_2[m], above, below, upper[m], lower[m]);
                out[m] = U.U_0;
                out[n_k * n_k + m] = U.U_1;
                out[2 * n_k * n_k + m] = U.U_2;
            }
        }
        for (Index r = 0; r < 3; ++r) {
            double* U = moments + (row * 3 + r) * n_k * n_k;
            for (Index n = 0; n < n_k; ++n)
                for (Index m = n + 1; m < n_k; ++m) U[m * n_k + n] = U[n * n_k + m];
        }
    }
}

void multiply_rows(double* M, const double* factor, Index n_pairs, Index n_k) {
    for (Index f = 0; f < n_pairs; ++f)
        for (Index i = 0; i < n_k; ++i) M[f * n_k + i] *= factor[f];
}

}  // namespace glassdask
