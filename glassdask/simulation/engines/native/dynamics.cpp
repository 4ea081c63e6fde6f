// What Python sees of the dynamics beside this file. Arrays are C-contiguous and of the type that the signature says: another is
// refused with a TypeError. The interpreter's lock is not held while particles move.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "box.h"
#include "motion.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

template <typename Type, int n_dimensions>
using Array = nb::ndarray<Type, nb::ndim<n_dimensions>, nb::c_contig, nb::device::cpu>;
using In1 = Array<const double, 1>;
using In2 = Array<const double, 2>;
using Species = Array<const std::int64_t, 1>;
using Out2 = Array<double, 2>;
using Counts = Array<std::int64_t, 2>;

auto array(const char* name) { return nb::arg(name).noconvert(); }

void require(bool is_right, const char* message) {
    if (!is_right) throw nb::value_error(message);
}

std::vector<double> numbers(const In2& table) { return {table.data(), table.data() + table.size()}; }

class Dynamics {
public:
    Dynamics(In2 repulsion, In2 attraction, In2 cutoff, In2 energy_at_cutoff, In2 slope_at_cutoff, Species species,
             In1 masses, double length, double time_step, double inner_margin, double outer_margin)
        : box_(pairs_of(repulsion, attraction, cutoff, energy_at_cutoff, slope_at_cutoff),
               species_of(species, int(cutoff.shape(0))), masses_of(masses, species.shape(0)), length, time_step,
               inner_margin, outer_margin) {}

    void set_positions(In2 positions) {
        check(positions);
        const double counts = std::ldexp(1.0 / box_.length, native::position_bits);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis)
                box_.position[4 * i + axis] = std::llround(positions(i, axis) * counts);
        box_.see();
        box_.has_forces = false;
        native::update_lists(box_);
    }

    void set_velocities(In2 velocities) {
        check(velocities);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis) box_.velocity[4 * i + axis] = velocities(i, axis);
    }

    void set_images(Array<const std::int64_t, 2> images) {
        check(images);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis) box_.image[4 * i + axis] = images(i, axis);
    }

    void get(Out2 positions, Out2 velocities, Counts images) {
        check(positions);
        check(velocities);
        check(images);
        box_.wrap();
        const double unit = std::ldexp(box_.length, -native::position_bits);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis) {
                positions(i, axis) = unit * double(box_.position[4 * i + axis]);
                velocities(i, axis) = box_.velocity[4 * i + axis];
                images(i, axis) = box_.image[4 * i + axis];
            }
    }

    // In the precision of a trajectory, and without velocities: between two frames of a small box there are few steps.
    void get_frame(Array<float, 2> positions, Array<std::int32_t, 2> images) {
        check(positions);
        check(images);
        box_.wrap();
        const double unit = std::ldexp(box_.length, -native::position_bits);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis) {
                positions(i, axis) = float(unit * double(box_.position[4 * i + axis]));
                images(i, axis) = std::int32_t(box_.image[4 * i + axis]);
            }
    }

    std::tuple<double, double> fill_forces(Out2 forces) {
        check(forces);
        const native::Energies sums = native::exact_forces(box_, forces.data());
        return {sums.energy, sums.virial};
    }

    bool fill_forces_of_steps(Out2 forces) {
        check(forces);
        const bool is_right = native::update_forces(box_);
        for (std::size_t i = 0; i < std::size_t(box_.n); ++i)
            for (std::size_t axis = 0; axis < 3; ++axis)
                forces(i, axis) = native::force_unit * double(box_.force[4 * i + axis]);
        return is_right;
    }

    std::tuple<double, double> energies() const {
        const native::Energies sums = native::exact_energies(box_);
        return {sums.energy, sums.virial};
    }

    double kinetic_energy() const { return native::kinetic_energy(box_); }

    void set_thermostat(double temperature, double relaxation_time, std::uint64_t seed) {
        thermostat_ = native::Thermostat{temperature, relaxation_time, seed};
    }

    void remove_thermostat() { thermostat_.reset(); }

    bool advance(std::int64_t first_step, std::int64_t n_steps) {
        return native::advance(box_, thermostat_ ? &*thermostat_ : nullptr, first_step, n_steps);
    }

    std::tuple<std::int64_t, std::int64_t> lists_built() const { return {box_.n_built, box_.n_pruned}; }

private:
    static native::Pairs pairs_of(In2 repulsion, In2 attraction, In2 cutoff, In2 energy, In2 slope) {
        const std::size_t n = cutoff.shape(0);
        require(n >= 1 && n < native::dummy_species, "there must be 1 to 6 species");
        for (const In2& table : {repulsion, attraction, cutoff, energy, slope})
            require(table.shape(0) == n && table.shape(1) == n, "tables of pairs must have the same shape, (n, n)");
        const std::vector<double> slopes = numbers(slope);
        bool has_shifted_force = false;
        for (const double value : slopes) has_shifted_force = has_shifted_force || value != 0.0;
        return {int(n), numbers(repulsion), numbers(attraction), numbers(cutoff), numbers(energy), slopes, has_shifted_force};
    }

    static std::vector<int> species_of(Species species, int n_species) {
        require(species.shape(0) >= 1 && species.shape(0) <= native::most_particles, "there must be 1 to 50,000 particles");
        std::vector<int> found;
        for (std::size_t i = 0; i < species.shape(0); ++i) {
            require(species(i) >= 0 && species(i) < n_species, "species must be 0 to n - 1");
            found.push_back(int(species(i)));
        }
        return found;
    }

    static std::vector<double> masses_of(In1 masses, std::size_t n) {
        require(masses.shape(0) == n, "there must be a mass for each particle");
        return {masses.data(), masses.data() + n};
    }

    template <typename Any>
    void check(const Any& rows) const {
        require(rows.shape(0) == std::size_t(box_.n) && rows.shape(1) == 3, "arrays must have the shape (N, 3)");
    }

    native::Box box_;
    std::optional<native::Thermostat> thermostat_;
};

}  // namespace

NB_MODULE(_dynamics, module) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        throw nb::import_error("this processor has no AVX2 and FMA");
    module.attr("MOST_PARTICLES") = native::most_particles;
    module.attr("LARGEST_FORCE") = native::largest_force;
    const auto unlocked = nb::call_guard<nb::gil_scoped_release>();
    nb::class_<Dynamics>(module, "Dynamics")
        .def(nb::init<In2, In2, In2, In2, In2, Species, In1, double, double, double, double>(), array("repulsion"),
             array("attraction"), array("cutoff"), array("energy_at_cutoff"), array("slope_at_cutoff"), array("species"),
             array("masses"), "length"_a, "time_step"_a, "inner_margin"_a, "outer_margin"_a)
        .def("set_positions", &Dynamics::set_positions, array("positions"), unlocked)
        .def("set_velocities", &Dynamics::set_velocities, array("velocities"))
        .def("set_images", &Dynamics::set_images, array("images"))
        .def("get", &Dynamics::get, array("positions"), array("velocities"), array("images"))
        .def("get_frame", &Dynamics::get_frame, array("positions"), array("images"))
        .def("fill_forces", &Dynamics::fill_forces, array("forces"), unlocked)
        .def("fill_forces_of_steps", &Dynamics::fill_forces_of_steps, array("forces"), unlocked)
        .def("energies", &Dynamics::energies, unlocked)
        .def("kinetic_energy", &Dynamics::kinetic_energy)
        .def("set_thermostat", &Dynamics::set_thermostat, "temperature"_a, "relaxation_time"_a, "seed"_a)
        .def("remove_thermostat", &Dynamics::remove_thermostat)
        .def("advance", &Dynamics::advance, "first_step"_a, "n_steps"_a, unlocked)
        .def("lists_built", &Dynamics::lists_built);
}
