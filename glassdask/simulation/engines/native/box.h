// The particles of a periodic cube as integers, and the lists of their neighbours.
//
// A box length is 2^50 counts of a position (int64, unwrapped) and 2^32 counts of what forces see of it (int32): differences of
// the latter wrap around to the minimum image by themselves. Forces on particles are sums of integers, too: the sum of a pair's
// two forces is zero, that of all forces as well, and no order of summation matters. So forces are a function of the positions
// alone, whatever the lists hold beyond the cut-offs, and a run continues bit by bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace native {

using Index = std::uint16_t;

// Bits of a box length in a position, and in what forces see of it.
constexpr int position_bits = 50;
constexpr int seen_bits = 32;
// Forces are multiples of 2^-16 epsilon/sigma below 2^15: a pair of half of that has an energy of 800 epsilon, 20 k_B T at a
// temperature that liquids are not simulated at; and the unit is below what float32 rounds off from the forces of close pairs.
constexpr double force_unit = 1.0 / (1 << 16);
constexpr double largest_force = 1 << 15;
// Tables of pairs have this many columns, one a lane; the last species is that of the dummy that fills lists up, and far.
constexpr int n_lanes = 8;
constexpr int dummy_species = n_lanes - 1;
constexpr int most_particles = 50000;

// Memory aligned to a vector and zero at first.
template <typename Type>
class Aligned {
public:
    explicit Aligned(std::size_t n = 0) : n_(n), data_(make(n)) {}
    Type* data() const { return data_.get(); }
    Type& operator[](std::size_t i) const { return data_.get()[i]; }
    std::size_t size() const { return n_; }
    // At least so large, with what is in it.
    void grow(std::size_t n) {
        if (n <= n_) return;
        Aligned larger(n + n / 2);
        for (std::size_t i = 0; i < n_; ++i) larger[i] = (*this)[i];
        std::swap(*this, larger);
    }

private:
    struct Free {
        void operator()(Type* p) const { ::operator delete[](p, std::align_val_t(64)); }
    };
    static Type* make(std::size_t n) {
        auto* p = static_cast<Type*>(::operator new[](n * sizeof(Type) + 64, std::align_val_t(64)));
        for (std::size_t i = 0; i < n; ++i) p[i] = Type();
        return p;
    }
    std::size_t n_;
    std::unique_ptr<Type[], Free> data_;
};

// Of each pair of species: 4 eps sigma^12 and 4 eps sigma^6, r_c, u(r_c) and u'(r_c), the latter where the force is shifted.
struct Pairs {
    int n_species;
    std::vector<double> repulsion, attraction, cutoff, energy_at_cutoff, slope_at_cutoff;
    bool has_shifted_force;
};

// A table over pairs of species, in rows of lanes.
using Table = float[n_lanes][n_lanes];

// Neighbours of each particle, all of them (each pair twice), in blocks of n_lanes that end with dummies.
struct List {
    Aligned<Index> neighbours;
    std::vector<std::size_t> begin;
    std::vector<int> n_blocks;
    Aligned<std::int32_t> seen;  // as positions were when it was built
};

// Positions, velocities and forces have rows of four; the fourth of what forces see is the species. Behind the last particle
// is the dummy, and rows of zeros up to a whole number of vectors.
struct Box {
    Box(Pairs pairs, const std::vector<int>& species, const std::vector<double>& masses, double length, double time_step,
        double inner_margin, double outer_margin);

    const Pairs pairs;
    const int n;
    const double length, time_step, inner_margin, outer_margin;
    Aligned<std::int64_t> position, image;
    Aligned<double> velocity, half_kick, mass;
    Aligned<std::int32_t> seen, force;
    Aligned<std::int32_t> species;
    // Within r_c + outer_margin, built from cells; and within r_c + inner_margin, pruned from the former.
    List outer, inner;
    Table repulsion, attraction, slope, cutoff2, inner2, outer2;  // of float32 forces, squares in counts
    std::int64_t n_built = 0, n_pruned = 0;
    bool has_forces = false;  // of the positions as they are

    // What forces see, of the positions.
    void see();
    // Count whole boxes in `image`, leaving [-1/2, 1/2) of a length in `position`.
    void wrap();
};

// Build what is no longer good: both lists hold all pairs within r_c at any time after it.
void update_lists(Box& box);
// Forces by the inner list. False if one of a pair is too large, or not a number.
bool update_forces(Box& box);
// n steps of velocity Verlet; `thermostat(box)` after each. False as update_forces.
struct Thermostat;
bool advance(Box& box, const Thermostat* thermostat, std::int64_t first_step, std::int64_t n_steps);

// In float64, from the positions as they are: forces (n, 3), energy and virial sum of r . f over pairs.
struct Energies {
    double energy, virial;
};
Energies exact_forces(const Box& box, double* forces);
Energies exact_energies(const Box& box);
// Of all particles, as velocities are.
double kinetic_energy(const Box& box);

}  // namespace native
