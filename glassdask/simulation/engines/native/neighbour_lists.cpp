// Two lists after Pall and Hess, Comput. Phys. Commun. 184, 2641 (2013): one of a wide margin, from all pairs, and one of a narrow
// margin, pruned from it many times before it is built anew. A list of margin s holds all pairs within r_c for as long as the two
// particles that have moved farthest have moved s together.

#include <array>
#include <cmath>
#include <cstring>

#include "lanes.h"

namespace native {

namespace {

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
constexpr Kept kept;

// A list while it is written, particle by particle. Up to a block more than what is kept is written each time.
class Writer {
public:
    Writer(List& list, const Box& box) : list_(list), n_(box.n) {
        std::memcpy(list.seen.data(), box.seen.data(), box.seen.size() * sizeof(std::int32_t));
    }
    void begin(int i, std::size_t most) {
        list_.neighbours.grow(at_ + most + 2 * n_lanes);
        list_.begin[std::size_t(i)] = at_;
        end_ = list_.neighbours.data() + at_;
    }
    void keep(__m128i indices, unsigned mask) {
        const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(kept.bytes[mask].data()));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(end_), _mm_shuffle_epi8(indices, bytes));
        end_ += __builtin_popcount(mask);
    }
    void finish(int i) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(end_), _mm_set1_epi16(short(n_)));
        const std::size_t n = std::size_t(end_ - list_.neighbours.data()) - at_;
        list_.n_blocks[std::size_t(i)] = int((n + n_lanes - 1) / n_lanes);
        at_ += n_lanes * std::size_t(list_.n_blocks[std::size_t(i)]);
    }

private:
    List& list_;
    int n_;
    std::size_t at_ = 0;
    Index* end_ = nullptr;
};

unsigned within(const Differences& d, __m256 square) {
    return unsigned(_mm256_movemask_ps(_mm256_cmp_ps(d.square, square, _CMP_LT_OQ)));
}

void build_outer(Box& box) {
    box.wrap();
    const std::size_t n = std::size_t(box.n);
    for (std::size_t i = 0; i <= n; ++i) {
        box.x[i] = box.seen[4 * i];
        box.y[i] = box.seen[4 * i + 1];
        box.z[i] = box.seen[4 * i + 2];
    }
    const auto load = [](const Aligned<std::int32_t>& from, int at) {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(from.data() + at));
    };
    Writer writer(box.outer, box);
    for (int i = 0; i < box.n; ++i) {
        const One one(box.seen.data() + 4 * i);
        const OfSpecies outer2(box.outer2[box.species[std::size_t(i)]]);
        writer.begin(i, n);
        __m128i indices = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7);
        for (int j = 0; j < box.n; j += n_lanes) {
            const Rows others{load(box.x, j), load(box.y, j), load(box.z, j), load(box.species, j)};
            unsigned mask = within(one.minus(others), outer2(others.species));
            if (i / n_lanes == j / n_lanes) mask &= ~(1u << i % n_lanes);  // no particle is its own neighbour
            writer.keep(indices, mask);
            indices = _mm_add_epi16(indices, _mm_set1_epi16(n_lanes));
        }
        writer.finish(i);
    }
    ++box.n_built;
}

void prune_inner(Box& box) {
    Writer writer(box.inner, box);
    for (int i = 0; i < box.n; ++i) {
        const One one(box.seen.data() + 4 * i);
        const OfSpecies inner2(box.inner2[box.species[std::size_t(i)]]);
        const int n_blocks = box.outer.n_blocks[std::size_t(i)];
        writer.begin(i, n_lanes * std::size_t(n_blocks));
        const Index* neighbours = box.outer.neighbours.data() + box.outer.begin[std::size_t(i)];
        for (int block = 0; block < n_blocks; ++block, neighbours += n_lanes) {
            const Rows others = rows_of(box.seen.data(), neighbours);
            writer.keep(_mm_load_si128(reinterpret_cast<const __m128i*>(neighbours)),
                        within(one.minus(others), inner2(others.species)));
        }
        writer.finish(i);
    }
    ++box.n_pruned;
}

// The sum of the two largest displacements since a list was built, rounded upwards.
double moved(const Box& box, const List& list) {
    __m256 first = _mm256_setzero_ps(), second = first;
    const auto load = [](const std::int32_t* at) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(at)); };
    for (std::size_t i = 0; i < box.seen.size(); i += 4 * n_lanes) {
        __m256 squares[4];
        for (std::size_t k = 0; k < 4; ++k) {
            const std::size_t at = i + n_lanes * k;
            const __m256 d = _mm256_cvtepi32_ps(_mm256_sub_epi32(load(&box.seen[at]), load(&list.seen[at])));
            squares[k] = _mm256_mul_ps(d, d);
        }
        const __m256 square =
            _mm256_hadd_ps(_mm256_hadd_ps(squares[0], squares[1]), _mm256_hadd_ps(squares[2], squares[3]));
        second = _mm256_max_ps(second, _mm256_min_ps(first, square));
        first = _mm256_max_ps(first, square);
    }
    alignas(32) float largest[2 * n_lanes];
    _mm256_store_ps(largest, first);
    _mm256_store_ps(largest + n_lanes, second);
    double most = 0.0, next = 0.0;
    for (const float square : largest) {
        next = std::fmax(next, std::fmin(most, double(square)));
        most = std::fmax(most, double(square));
    }
    return 1.00001 * std::ldexp(box.length, -seen_bits) * (std::sqrt(most) + std::sqrt(next));
}

}  // namespace

void update_lists(Box& box) {
    const bool is_first = box.n_built == 0;
    if (!is_first && moved(box, box.inner) <= box.inner_margin) return;
    if (is_first || moved(box, box.outer) + box.inner_margin > box.outer_margin) build_outer(box);
    prune_inner(box);
}

}  // namespace native
