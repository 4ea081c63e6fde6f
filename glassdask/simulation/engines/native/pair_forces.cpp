#include <algorithm>
#include <cmath>
#include <vector>

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

// Neighbours within r_c of particle i and behind it, in `near`, and a few that are hardly beyond r_c; how many.
std::size_t find_near(const Box& box, int i, std::vector<Index>& near) {
    const One one(box.seen.data() + 4 * i);
    const OfSpecies cutoff2(box.cutoff2[box.species[std::size_t(i)]]);
    const __m256 more = _mm256_set1_ps(1.00001f);  // single precision must leave nothing out
    const Index* neighbours = box.inner.neighbours.data() + box.inner.begin[std::size_t(i)];
    const int n_blocks = box.inner.n_blocks[std::size_t(i)];
    if (near.size() < n_lanes * std::size_t(n_blocks + 1)) near.resize(n_lanes * std::size_t(n_blocks + 1));
    Index* end = near.data();
    for (int block = 0; block < n_blocks; ++block, neighbours += n_lanes) {
        const Rows others = rows_of(box.seen.data(), neighbours);
        const __m128i indices = _mm_load_si128(reinterpret_cast<const __m128i*>(neighbours));
        const __m256i is_behind = _mm256_cmpgt_epi32(_mm256_cvtepu16_epi32(indices), _mm256_set1_epi32(i));
        const unsigned behind = unsigned(_mm256_movemask_ps(_mm256_castsi256_ps(is_behind)));
        end = append(end, indices, behind & within(one.minus(others), _mm256_mul_ps(more, cutoff2(others.species))));
    }
    return std::size_t(end - near.data());
}

// Energy and virial; and forces, where they are asked for.
template <bool has_forces>
Energies exact(const Box& box, double* forces) {
    const double unit = std::ldexp(box.length, -64);
    Energies sums{0.0, 0.0};
    std::vector<Index> near;
    if (has_forces) std::fill(forces, forces + 3 * std::size_t(box.n), 0.0);
    for (int i = 0; i < box.n; ++i) {
        const std::size_t n_near = find_near(box, i, near);  // first: half of all others are not, in no order
        const std::int64_t* at = box.position.data() + 4 * i;
        const auto row = std::size_t(box.species[std::size_t(i)] * box.pairs.n_species);
        double on_i[3] = {0.0, 0.0, 0.0};
        for (std::size_t k = 0; k < n_near; ++k) {
            const std::size_t j = near[k];
            double d[3];
            for (std::size_t axis = 0; axis < 3; ++axis) {  // shifted to 64 bits a box length, differences wrap around
                const auto difference = std::uint64_t(at[axis]) - std::uint64_t(box.position[4 * j + axis]);
                d[axis] = unit * double(std::int64_t(difference << (64 - position_bits)));
            }
            const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            const std::size_t ab = row + std::size_t(box.species[j]);
            const double r_c = box.pairs.cutoff[ab];
            if (r2 >= r_c * r_c) continue;
            const double r_2 = 1.0 / r2, r_6 = r_2 * r_2 * r_2, slope = box.pairs.slope_at_cutoff[ab];
            const double repulsion = box.pairs.repulsion[ab] * r_6 * r_6, attraction = box.pairs.attraction[ab] * r_6;
            double f = (12.0 * repulsion - 6.0 * attraction) * r_2;
            sums.energy += repulsion - attraction - box.pairs.energy_at_cutoff[ab];
            if (slope != 0.0) {
                const double r = std::sqrt(r2);
                f += slope / r;
                sums.energy -= (r - r_c) * slope;
            }
            sums.virial += f * r2;
            if (!has_forces) continue;
            for (std::size_t axis = 0; axis < 3; ++axis) {
                on_i[axis] += f * d[axis];
                forces[3 * j + axis] -= f * d[axis];
            }
        }
        if (has_forces)
            for (std::size_t axis = 0; axis < 3; ++axis) forces[3 * std::size_t(i) + axis] += on_i[axis];
    }
    return sums;
}

}  // namespace

Energies exact_forces(const Box& box, double* forces) { return exact<true>(box, forces); }

Energies exact_energies(const Box& box) { return exact<false>(box, nullptr); }

bool update_forces(Box& box) { return box.pairs.has_shifted_force ? forces<true>(box) : forces<false>(box); }

}  // namespace native
