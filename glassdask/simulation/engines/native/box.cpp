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

}  // namespace native
