// Two lists after Pall and Hess, Comput. Phys. Commun. 184, 2641 (2013): one of a wide margin, from cells, and one of a narrow
// margin, pruned from it many times before it is built anew. A list of margin s holds all pairs within r_c for as long as the two
// particles that have moved farthest have moved s together.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "lanes.h"

namespace native {

namespace {

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
        end_ = append(end_, indices, mask);
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

// The particles sorted by cells, whose rows along x lie one after another; a box of few cells is one.
class Cells {
public:
    Cells(const Box& box, double reach)
        : n_sides_(sides(box.length, reach)), begin_(std::size_t(n_sides_ * n_sides_ * n_sides_) + 1),
          order_(std::size_t(box.n) + n_lanes), x_(order_.size()), y_(order_.size()), z_(order_.size()),
          species_(order_.size()) {
        std::vector<int> cell(std::size_t(box.n));
        for (std::size_t i = 0; i < cell.size(); ++i) {
            const std::int32_t* seen = box.seen.data() + 4 * i;
            cell[i] = (side(seen[2]) * n_sides_ + side(seen[1])) * n_sides_ + side(seen[0]);
            ++begin_[std::size_t(cell[i]) + 1];
        }
        for (std::size_t c = 1; c < begin_.size(); ++c) begin_[c] += begin_[c - 1];
        std::vector<int> next(begin_.begin(), begin_.end() - 1);
        for (std::size_t i = 0; i < cell.size(); ++i) {
            const auto at = std::size_t(next[std::size_t(cell[i])]++);
            const std::int32_t* seen = box.seen.data() + 4 * i;
            order_[at] = Index(i);
            x_[at] = seen[0];
            y_[at] = seen[1];
            z_[at] = seen[2];
            species_[at] = seen[3];
        }
    }

    int n_sides() const { return n_sides_; }
    int begin(int cell) const { return begin_[std::size_t(cell)]; }
    Index particle(int at) const { return order_[std::size_t(at)]; }

    // Eight particles from one on.
    Rows rows(int at) const { return {load(x_, at), load(y_, at), load(z_, at), load(species_, at)}; }
    __m128i particles(int at) const { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(order_.data() + at)); }

    // Where the particles of all cells are that are two or fewer from one, as runs of the sorted ones.
    void find_runs(int cell, std::vector<std::pair<int, int>>& runs) const {
        runs.clear();
        if (n_sides_ == 1) {
            runs.emplace_back(0, begin(1));
            return;
        }
        const int x = cell % n_sides_, y = cell / n_sides_ % n_sides_, z = cell / (n_sides_ * n_sides_);
        for (int dz = -n_away; dz <= n_away; ++dz)
            for (int dy = -n_away; dy <= n_away; ++dy) {
                const int row = (around(z + dz) * n_sides_ + around(y + dy)) * n_sides_;
                const int first = around(x - n_away), last = around(x + n_away);
                if (first <= last) {
                    runs.emplace_back(begin(row + first), begin(row + last + 1));
                } else {
                    runs.emplace_back(begin(row), begin(row + last + 1));
                    runs.emplace_back(begin(row + first), begin(row + n_sides_));
                }
            }
    }

private:
    // Cells are half as wide as lists reach, or a little wider.
    static constexpr int n_away = 2;
    static int sides(double length, double reach) {
        const int n = int(length * (1.0 - 1e-6) / (reach / n_away));
        return n > 2 * n_away + 1 ? std::min(n, 64) : 1;
    }
    int side(std::int32_t seen) const { return int((std::uint64_t(std::uint32_t(seen)) * std::uint64_t(n_sides_)) >> seen_bits); }
    int around(int side) const { return (side + n_sides_) % n_sides_; }
    static __m256i load(const Aligned<std::int32_t>& from, int at) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from.data() + at));
    }

    int n_sides_;
    std::vector<int> begin_;
    Aligned<Index> order_;
    Aligned<std::int32_t> x_, y_, z_, species_;
};

void build_outer(Box& box) {
    box.wrap();
    const Cells cells(box, *std::max_element(box.pairs.cutoff.begin(), box.pairs.cutoff.end()) + box.outer_margin);
    std::vector<std::pair<int, int>> runs;
    Writer writer(box.outer, box);
    const int n_cells = cells.n_sides() * cells.n_sides() * cells.n_sides();
    for (int cell = 0; cell < n_cells; ++cell) {
        cells.find_runs(cell, runs);
        for (int at = cells.begin(cell); at < cells.begin(cell + 1); ++at) {
            const int i = cells.particle(at);
            const One one(box.seen.data() + 4 * i);
            const OfSpecies outer2(box.outer2[box.species[std::size_t(i)]]);
            writer.begin(i, std::size_t(box.n));
            for (const auto& [first, end] : runs)
                for (int j = first; j < end; j += n_lanes) {
                    const Rows others = cells.rows(j);
                    unsigned mask = within(one.minus(others), outer2(others.species));
                    if (end - j < n_lanes) mask &= (1u << (end - j)) - 1u;
                    if (at >= j && at < j + n_lanes) mask &= ~(1u << (at - j));  // no particle is its own neighbour
                    writer.keep(cells.particles(j), mask);
                }
            writer.finish(i);
        }
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
