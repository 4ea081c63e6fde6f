#include "box.h"

#include <cmath>

namespace native {

namespace {

std::size_t rows(int n) { return (std::size_t(n) + 1 + n_lanes - 1) / n_lanes * n_lanes; }

// Lists may hold a little more than they must: rounding of float32 leaves nothing out.
double square_in_counts(double distance, double length) {
    const double counts = std::ldexp(distance / length, seen_bits);
    return counts * counts;
}
constexpr double rounding = 1.00001;

}  // namespace

Box::Box(Pairs given, const std::vector<int>& species_of, const std::vector<double>& masses, double length_,
         double time_step_, double inner_margin_, double outer_margin_)
    : pairs(std::move(given)), n(int(species_of.size())), length(length_), time_step(time_step_),
      inner_margin(inner_margin_), outer_margin(outer_margin_), position(4 * rows(n)), image(4 * rows(n)),
      velocity(4 * rows(n)), half_kick(rows(n)), mass(rows(n)), seen(4 * rows(n)), force(4 * rows(n)),
      species(rows(n)) {
    for (List* list : {&outer, &inner}) {
        list->begin.resize(std::size_t(n));
        list->n_blocks.resize(std::size_t(n));
        list->seen = Aligned<std::int32_t>(4 * rows(n));
    }
    for (std::size_t i = 0; i < rows(n); ++i) {
        const bool is_particle = i < std::size_t(n);
        species[i] = is_particle ? species_of[i] : dummy_species;
        mass[i] = is_particle ? masses[i] : 1.0;
        half_kick[i] = 0.5 * time_step * force_unit / mass[i];
        position[4 * i + 3] = std::int64_t(species[i]) << (position_bits - seen_bits);
    }
    // a force is f times a difference in counts: f of float32 is in units that make it one of whole numbers
    const double scale = std::ldexp(length, -seen_bits) / force_unit;
    for (int a = 0; a < n_lanes; ++a)
        for (int b = 0; b < n_lanes; ++b) {
            const bool is_pair = a < pairs.n_species && b < pairs.n_species;
            const std::size_t ab = std::size_t(is_pair ? a * pairs.n_species + b : 0);
            const double r_c = pairs.cutoff[ab];
            repulsion[a][b] = is_pair ? float(12.0 * pairs.repulsion[ab] * scale) : 0.0f;
            attraction[a][b] = is_pair ? float(6.0 * pairs.attraction[ab] * scale) : 0.0f;
            slope[a][b] = is_pair ? float(pairs.slope_at_cutoff[ab] * scale) : 0.0f;
            cutoff2[a][b] = is_pair ? float(square_in_counts(r_c, length)) : -1.0f;
            inner2[a][b] = is_pair ? float(rounding * square_in_counts(r_c + inner_margin, length)) : -1.0f;
            outer2[a][b] = is_pair ? float(rounding * square_in_counts(r_c + outer_margin, length)) : -1.0f;
        }
}

void Box::see() {
    for (std::size_t i = 0; i < position.size(); ++i)
        seen[i] = std::int32_t(std::uint32_t(std::uint64_t(position[i]) >> (position_bits - seen_bits)));
}

void Box::wrap() {
    constexpr std::int64_t half = std::int64_t(1) << (position_bits - 1);
    for (std::size_t i = 0; i < 4 * std::size_t(n); ++i) {
        if (i % 4 == 3) continue;
        const std::int64_t crossed = (position[i] + half) >> position_bits;
        position[i] -= crossed * 2 * half;
        image[i] += crossed;
    }
}

Energies exact_forces(const Box& box, double* forces) {
    const double unit = std::ldexp(box.length, -64);
    Energies sums{0.0, 0.0};
    for (std::size_t i = 0; i < 3 * std::size_t(box.n); ++i) forces[i] = 0.0;
    for (int i = 0; i < box.n; ++i) {
        const Index* neighbours = box.inner.neighbours.data() + box.inner.begin[std::size_t(i)];
        for (int k = 0; k < n_lanes * box.inner.n_blocks[std::size_t(i)]; ++k) {
            const int j = neighbours[k];
            if (j <= i || j >= box.n) continue;  // each pair once
            double d[3];
            for (int axis = 0; axis < 3; ++axis) {  // shifted to 64 bits a box length, differences wrap around
                const auto first = std::uint64_t(box.position[std::size_t(4 * i + axis)]);
                const auto second = std::uint64_t(box.position[std::size_t(4 * j + axis)]);
                d[axis] = unit * double(std::int64_t((first - second) << (64 - position_bits)));
            }
            const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            const auto ab = std::size_t(box.species[std::size_t(i)] * box.pairs.n_species + box.species[std::size_t(j)]);
            const double r_c = box.pairs.cutoff[ab];
            if (r2 >= r_c * r_c) continue;
            const double r6 = 1.0 / (r2 * r2 * r2), slope = box.pairs.slope_at_cutoff[ab];
            const double repulsion = box.pairs.repulsion[ab] * r6 * r6, attraction = box.pairs.attraction[ab] * r6;
            double f = (12.0 * repulsion - 6.0 * attraction) / r2;
            sums.energy += repulsion - attraction - box.pairs.energy_at_cutoff[ab];
            if (slope != 0.0) {
                const double r = std::sqrt(r2);
                f += slope / r;
                sums.energy -= (r - r_c) * slope;
            }
            sums.virial += f * r2;
            for (int axis = 0; axis < 3; ++axis) {
                forces[3 * i + axis] += f * d[axis];
                forces[3 * j + axis] -= f * d[axis];
            }
        }
    }
    return sums;
}

}  // namespace native
