// Eight particles at a time, by AVX2 and FMA. Every operation here is exactly rounded: all processors get the same numbers.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>

#include "box.h"

namespace native {

// One number a lane for each axis, and the species.
struct Rows {
    __m256i x, y, z, species;
};

// Rows of eight neighbours, wherever they lie: eight loads and a transposition, in half the time of gathers.
inline Rows rows_of(const std::int32_t* seen, const Index* neighbours) {
    const auto row = [&](int k) { return reinterpret_cast<const __m128i*>(seen + 4 * std::size_t(neighbours[k])); };
    const auto both = [&](int k) {
        return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_load_si128(row(k))), _mm_load_si128(row(k + 4)), 1);
    };
    const __m256i r0 = both(0), r1 = both(1), r2 = both(2), r3 = both(3);
    const __m256i xy01 = _mm256_unpacklo_epi32(r0, r1), xy23 = _mm256_unpacklo_epi32(r2, r3);
    const __m256i zw01 = _mm256_unpackhi_epi32(r0, r1), zw23 = _mm256_unpackhi_epi32(r2, r3);
    return {_mm256_unpacklo_epi64(xy01, xy23), _mm256_unpackhi_epi64(xy01, xy23), _mm256_unpacklo_epi64(zw01, zw23),
            _mm256_unpackhi_epi64(zw01, zw23)};
}

// Differences to one particle in counts, minimum images, and the sum of their squares.
struct Differences {
    __m256 x, y, z, square;
};

class One {
public:
    explicit One(const std::int32_t* seen)
        : x_(_mm256_set1_epi32(seen[0])), y_(_mm256_set1_epi32(seen[1])), z_(_mm256_set1_epi32(seen[2])) {}
    Differences minus(const Rows& others) const {
        const __m256 x = _mm256_cvtepi32_ps(_mm256_sub_epi32(x_, others.x));
        const __m256 y = _mm256_cvtepi32_ps(_mm256_sub_epi32(y_, others.y));
        const __m256 z = _mm256_cvtepi32_ps(_mm256_sub_epi32(z_, others.z));
        return {x, y, z, _mm256_fmadd_ps(x, x, _mm256_fmadd_ps(y, y, _mm256_mul_ps(z, z)))};
    }

private:
    __m256i x_, y_, z_;
};

// A row of a table, and its values for the species of eight particles.
class OfSpecies {
public:
    explicit OfSpecies(const float* row) : row_(_mm256_loadu_ps(row)) {}
    __m256 operator()(__m256i species) const { return _mm256_permutevar8x32_ps(row_, species); }

private:
    __m256 row_;
};

// Lanes nearer than a distance, one bit each.
inline unsigned within(const Differences& d, __m256 square) {
    return unsigned(_mm256_movemask_ps(_mm256_cmp_ps(d.square, square, _CMP_LT_OQ)));
}

// For each mask of eight lanes, the bytes of the 16-bit numbers that it keeps, one after another.
struct Kept {
    alignas(16) std::array<std::array<std::uint8_t, 16>, 256> bytes{};
    constexpr Kept() {
        for (unsigned mask = 0; mask < 256; ++mask) {
            unsigned n = 0;
            for (unsigned lane = 0; lane < 8; ++lane)
                if (mask >> lane & 1u) {
                    bytes[mask][2 * n] = std::uint8_t(2 * lane);
                    bytes[mask][2 * n + 1] = std::uint8_t(2 * lane + 1);
                    ++n;
                }
        }
    }
};
inline constexpr Kept kept;

// Write the indices that a mask keeps, and up to a block more; where they end.
inline Index* append(Index* end, __m128i indices, unsigned mask) {
    const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(kept.bytes[mask].data()));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(end), _mm_shuffle_epi8(indices, bytes));
    return end + __builtin_popcount(mask);
}

}  // namespace native
