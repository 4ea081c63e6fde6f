#include <cmath>

#include "lanes.h"

namespace native {

namespace {

// The sums over lanes of x, y and z, and 0.
inline __m128i sums(__m256i x, __m256i y, __m256i z) {
    const __m256i both = _mm256_hadd_epi32(_mm256_hadd_epi32(x, y), _mm256_hadd_epi32(z, _mm256_setzero_si256()));
    return _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
}

template <bool has_shifted_force>
bool forces(Box& box) {
    const double unit = std::ldexp(box.length, -seen_bits);
    const __m256 inverse_unit2 = _mm256_set1_ps(float(1.0 / (unit * unit)));
    // where f is so large, a component f dx is below the largest force, as r < sigma <= 1 or so
    const __m256 largest = _mm256_set1_ps(float(0.5 * largest_force * unit / force_unit));
    __m256 is_bad = _mm256_setzero_ps();
    for (int i = 0; i < box.n; ++i) {
        const One one(box.seen.data() + 4 * i);
        const int a = box.species[std::size_t(i)];
        const OfSpecies cutoff2(box.cutoff2[a]), repulsion(box.repulsion[a]), attraction(box.attraction[a]), slope(box.slope[a]);
        __m256i x = _mm256_setzero_si256(), y = x, z = x;
        const Index* neighbours = box.inner.neighbours.data() + box.inner.begin[std::size_t(i)];
        for (int block = 0; block < box.inner.n_blocks[std::size_t(i)]; ++block, neighbours += n_lanes) {
            const Rows others = rows_of(box.seen.data(), neighbours);
            const Differences d = one.minus(others);
            const __m256 is_near = _mm256_cmp_ps(d.square, cutoff2(others.species), _CMP_LT_OQ);
            const __m256 r_2 = _mm256_div_ps(inverse_unit2, d.square);
            const __m256 r_6 = _mm256_mul_ps(_mm256_mul_ps(r_2, r_2), r_2);
            __m256 f = _mm256_mul_ps(_mm256_mul_ps(r_2, r_6),
                                     _mm256_fmsub_ps(repulsion(others.species), r_6, attraction(others.species)));
            if (has_shifted_force) f = _mm256_fmadd_ps(slope(others.species), _mm256_sqrt_ps(r_2), f);
            f = _mm256_and_ps(f, is_near);
            is_bad = _mm256_or_ps(is_bad, _mm256_cmp_ps(f, largest, _CMP_NLE_UQ));
            x = _mm256_add_epi32(x, _mm256_cvtps_epi32(_mm256_mul_ps(f, d.x)));
            y = _mm256_add_epi32(y, _mm256_cvtps_epi32(_mm256_mul_ps(f, d.y)));
            z = _mm256_add_epi32(z, _mm256_cvtps_epi32(_mm256_mul_ps(f, d.z)));
        }
        _mm_store_si128(reinterpret_cast<__m128i*>(box.force.data() + 4 * i), sums(x, y, z));
    }
    box.has_forces = _mm256_movemask_ps(is_bad) == 0;
    return box.has_forces;
}

}  // namespace

bool update_forces(Box& box) { return box.pairs.has_shifted_force ? forces<true>(box) : forces<false>(box); }

}  // namespace native
