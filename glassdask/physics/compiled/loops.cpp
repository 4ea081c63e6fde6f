// What Python sees of the loops beside this file. Arrays are C-contiguous and of the type that the signature says: another
// is refused with a TypeError, never copied, since most of them are written into. The interpreter's lock is not held.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "candidate_steps.h"
#include "density_sums.h"
#include "long_time_limit.h"
#include "memory_functional.h"
#include "memory_history.h"
#include "mode_coupling_integral.h"
#include "octant_products.h"
#include "sine_sums.h"

namespace nb = nanobind;
using namespace nb::literals;
using glassdask::Index;

template <typename Type, int n_dimensions>
using Array = nb::ndarray<Type, nb::ndim<n_dimensions>, nb::c_contig, nb::device::cpu>;
using In1 = Array<const double, 1>;
using In2 = Array<const double, 2>;
using In3 = Array<const double, 3>;
using In4 = Array<const double, 4>;
using Out1 = Array<double, 1>;
using Out2 = Array<double, 2>;
using Out3 = Array<double, 3>;
using Out4 = Array<double, 4>;
using Integers1 = Array<const std::int64_t, 1>;
using Integers2 = Array<const std::int64_t, 2>;
using Result = nb::ndarray<nb::numpy, double, nb::ndim<2>>;
using Unlocked = nb::gil_scoped_release;

namespace {

// An argument that is taken as it is or not at all.
auto array(const char* name) { return nb::arg(name).noconvert(); }

void require(bool is_right, const char* message) {
    if (!is_right) throw nb::value_error(message);
}

template <typename First, typename... Others>
void same_shape(const First& first, const Others&... others) {
    for (std::size_t axis = 0; axis < first.ndim(); ++axis)
        require(((first.shape(axis) == others.shape(axis)) && ...), "arrays must have the same shape");
}

template <typename Block>
glassdask::Shape shape_of(const Block& block) {
    require(block.shape(1) == block.shape(2), "shape must be (n_times, n, n, n_rows)");
    return {Index(block.shape(0)), Index(block.shape(1)), Index(block.shape(3))};
}

// A new array, and where its numbers are.
std::pair<Result, double*> new_array(Index n_first, Index n_second) {
    auto memory = std::make_unique<double[]>(std::size_t(n_first) * std::size_t(n_second));
    double* data = memory.get();
    nb::capsule owner(memory.release(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return {Result(data, {std::size_t(n_first), std::size_t(n_second)}, owner), data};
}

// Values, means, skews and hats of a block.
using BlockArrays = std::tuple<Out4, Out4, Out4, Out4>;

glassdask::Block block_of(const BlockArrays& arrays) {
    const auto& [values, means, skews, hats] = arrays;
    same_shape(values, means, skews, hats);
    return {values.data(), means.data(), skews.data(), hats.data()};
}

// M known beforehand, at all times of the grid.
class GivenValues : public glassdask::MemoryFunctional {
   public:
    GivenValues(const double* values, Index size) : values_(values), size_(size) {}
    void fill(Index place, Index, const double*, double* M) override {
        std::copy(values_ + place * size_, values_ + (place + 1) * size_, M);
    }

   private:
    const double* values_;
    Index size_;
};

// A function of (place, i) that writes M_i itself.
class PythonMemory : public glassdask::MemoryFunctional {
   public:
    explicit PythonMemory(nb::object function) : function_(std::move(function)) {}
    void fill(Index place, Index i, const double*, double*) override {
        nb::gil_scoped_acquire locked;
        function_(place, i);
    }

   private:
    nb::object function_;
};

template <typename Real>
void scattering(
    Array<const Real, 3> positions, Integers2 pairs, Integers1 order, Integers1 stops, In1 wavenumbers, bool is_grid,
    bool is_at_rest, Out3 F
) {
    require(positions.shape(2) == 3 && pairs.shape(1) == 2, "positions must be (n_frames, N, 3), pairs (n_pairs, 2)");
    require(
        F.shape(0) == pairs.shape(0) && F.shape(1) == stops.shape(0) && F.shape(2) == wavenumbers.shape(0),
        "F must be (n_pairs, n_species, n_k)"
    );
    Unlocked unlocked;
    glassdask::fill_scattering(
        positions.data(), positions.shape(1), pairs.data(), pairs.shape(0), order.data(), order.shape(0), stops.data(),
        stops.shape(0), wavenumbers.data(), wavenumbers.shape(0), is_grid, is_at_rest, F.data()
    );
}

template <typename Real>
void octant_rows(
    Array<const Real, 3> x, Array<const Real, 3> y, Integers1 n_x, Integers1 n_y, Array<Real, 2> rows
) {
    const auto n_particles = rows.shape(1);
    require(
        x.shape(0) == 2 && y.shape(0) == 2 && x.shape(2) == n_particles && y.shape(2) == n_particles,
        "x and y must be (2, n_values, N), rows (4 n_columns, N)"
    );
    require(
        n_x.shape(0) == n_y.shape(0) && rows.shape(0) == 4 * n_x.shape(0), "n_x and n_y must be (n_columns,), rows (4 n_columns, N)"
    );
    Unlocked unlocked;
    glassdask::fill_octant_rows(
        {x.data(), Index(x.shape(1))}, {y.data(), Index(y.shape(1))}, n_x.data(), n_y.data(), n_x.shape(0), n_particles,
        rows.data()
    );
}

template <typename Real>
void octant_squares(Array<const Real, 3> sums, Integers1 bins, In1 weight, Out2 means) {
    const auto n_species = sums.shape(0);
    same_shape(bins, weight);
    require(sums.shape(1) == 4 && sums.shape(2) == 2 * bins.shape(0), "sums must be (n_species, 4, 2 n_vectors)");
    require(2 * means.shape(0) == n_species * (n_species + 1), "means must be (n_pairs, n_bins)");
    Unlocked unlocked;
    glassdask::add_octant_squares(
        sums.data(), n_species, bins.shape(0), {bins.data(), weight.data(), Index(means.shape(1))}, means.data()
    );
}

}  // namespace

NB_MODULE(_loops, module) {
    module.doc() = "The loops of glassdask.physics, compiled; glassdask.physics.compiled says what they are.";

    module.def(
        "past_of_integral",
        [](In4 F, In4 M, In4 F_hat, In4 M_hat, In4 F_skew, In4 M_skew, Index i, Out3 C) {
            same_shape(F, M, F_hat, M_hat, F_skew, M_skew);
            const auto shape = shape_of(F);
            require(shape.n_times / 2 < i && i < shape.n_times, "i must lie in the upper half of the block");
            require(Index(C.size()) == shape.matrix(), "C must be (n, n, n_rows)");
            Unlocked unlocked;
            glassdask::past_of_integral(
                F.data(), M.data(), F_hat.data(), M_hat.data(), F_skew.data(), M_skew.data(), shape, i, C.data()
            );
        },
        array("F"), array("M"), array("F_hat"), array("M_hat"), array("F_skew"), array("M_skew"), "i"_a, array("C"),
        R"(What the integral at t_i holds besides M_i (F̂_1 − F_0) + M̂_1 F_i, with its sign turned, is written to C.

Parameters
----------
F, M
    Values up to time i − 1, shape (2N + 1, n, n, n_rows).
F_hat, M_hat, F_skew, M_skew
    Moments of the steps up to N, same shape.
i
    The time to be solved, N + 1 … 2N.
C
    Shape (n, n, n_rows).
)"
    );
    module.def(
        "begin_step",
        [](Out4 F, Out4 M, Index i, double power, bool is_newtonian, Index n, Out3 C) {
            same_shape(F, M);
            require(2 < i && i < Index(F.shape(0)), "i must be 3 or more, and in the block");
            require(0 < n && n <= i, "n must be 1 to i");
            glassdask::begin_step(F.data(), M.data(), shape_of(F), i, power, is_newtonian, n, C.data());
        },
        array("F"), array("M"), "i"_a, "power"_a, "is_newtonian"_a, "n"_a, array("C"),
        R"(Adds to C what the backward difference of second order holds besides F_i, and puts first guesses into F_i and M_i.

They are the polynomials through the n times before; `power` is h, or h² in Newtonian dynamics.
)"
    );
    module.def(
        "next_iterate",
        [](In3 A_inverse, In3 D, In3 C, In3 M_i, Out3 F_i, Out3 change, In1 scale) {
            same_shape(A_inverse, D, C, M_i, F_i, change);
            require(scale.shape(0) == F_i.shape(2), "scale must be (n_rows,)");
            return glassdask::next_iterate(
                A_inverse.data(), D.data(), C.data(), M_i.data(), F_i.data(), change.data(), scale.data(), F_i.shape(0),
                F_i.shape(2)
            );
        },
        array("A_inverse"), array("D"), array("C"), array("M_i"), array("F_i"), array("change"), array("scale"),
        R"(F_i ← A⁻¹ (M_i D + C); returns the largest change in units of `scale`, infinite if a value is not finite.

Parameters
----------
A_inverse, D, C, M_i, F_i
    Shape (n, n, n_rows).
change
    New value less old one, written here, same shape.
scale
    Size of F of each row, shape (n_rows,).
)"
    );
    module.def(
        "leap_ahead",
        [](Out3 F_i, In3 change, In3 change_before) {
            same_shape(F_i, change, change_before);
            glassdask::leap_ahead(F_i.data(), change.data(), change_before.data(), F_i.size());
        },
        array("F_i"), array("change"), array("change_before"),
        R"(Aitken's Δ² for an iteration that one slow mode governs: F_i += d_1 ϱ / (1 − ϱ), ϱ = <d_1, d_0> / <d_0, d_0>.

Near the critical point the mode of the largest eigenvalue of the stability matrix is that slow. Outside of
0 < ϱ < 0.999 there is no such mode, and nothing is done.
)"
    );
    module.def(
        "end_step",
        [](In4 F, Out4 F_mean, Out4 F_skew, In4 M, Out4 M_mean, Out4 M_skew, Index i) {
            same_shape(F, F_mean, F_skew, M, M_mean, M_skew);
            require(0 < i && i < Index(F.shape(0)), "i must be 1 or more, and in the block");
            const auto shape = shape_of(F);
            glassdask::moments_of_step(F.data(), F_mean.data(), F_skew.data(), shape, i);
            glassdask::moments_of_step(M.data(), M_mean.data(), M_skew.data(), shape, i);
        },
        array("F"), array("F_mean"), array("F_skew"), array("M"), array("M_mean"), array("M_skew"), "i"_a,
        R"(Mean and skew of the step that ends at time i, of the parabola through the last three times (two at the start).

All arrays have the shape (2N + 1, n, n, n_rows).
)"
    );
    module.def(
        "halve_block",
        [](Out4 values, Out4 means, Out4 skews) {
            same_shape(values, means, skews);
            glassdask::halve_block(values.data(), means.data(), skews.data(), shape_of(values));
        },
        array("values"), array("means"), array("skews"),
        "Drops every second time and joins steps in pairs: the first half then holds the whole block at twice the step."
    );
    module.def(
        "weights_of_differences",
        [](In4 means, In4 skews, Out4 hats) {
            same_shape(means, skews, hats);
            glassdask::weights_of_differences(means.data(), skews.data(), hats.data(), shape_of(means));
        },
        array("means"), array("skews"), array("hats"),
        "f̂_j of the steps 1 … N; at the beginning the slope is that between the first two steps."
    );

    nb::class_<glassdask::MemoryFunctional>(module, "MemoryFunctional", "Where M comes from, in `solve_steps`.");
    nb::class_<glassdask::CollectiveMemory, glassdask::MemoryFunctional>(
        module, "CollectiveMemory", "M_ab(k) = prefactor_ab T_ab(k), T of `collective_sums` with this c."
    )
        .def(
            "__init__",
            [](glassdask::CollectiveMemory* self, In3 c, In2 prefactor) {
                require(
                    c.shape(0) == c.shape(1) && prefactor.shape(0) == c.shape(0) && prefactor.shape(1) == c.shape(0),
                    "c must be (n, n, N_k), prefactor (n, n)"
                );
                new (self) glassdask::CollectiveMemory(c.data(), prefactor.data(), c.shape(0), c.shape(2));
            },
            array("c"), array("prefactor")
        );
    nb::class_<glassdask::TaggedMemory, glassdask::MemoryFunctional>(
        module, "TaggedMemory", "M_s(k) = prefactor_s T_s(k), T of `tagged_sums` with W of the time; W is not copied."
    )
        .def(
            "__init__",
            [](glassdask::TaggedMemory* self, In3 W, In1 prefactor) {
                require(prefactor.shape(0) == W.shape(1), "W must be (n_times, n, N_k), prefactor (n,)");
                new (self)
                    glassdask::TaggedMemory(W.data(), prefactor.data(), W.shape(0), W.shape(1), W.shape(2));
            },
            array("W"), array("prefactor"), nb::keep_alive<1, 2>()
        );
    nb::class_<GivenValues, glassdask::MemoryFunctional>(
        module, "GivenValues", "M(t) at all times of the grid, shape (n_times, n, n, n_rows); not copied."
    )
        .def(
            "__init__",
            [](GivenValues* self, In4 values) {
                new (self) GivenValues(values.data(), values.shape(1) * values.shape(2) * values.shape(3));
            },
            array("values"), nb::keep_alive<1, 2>()
        );
    module.def(
        "solve_steps",
        [](BlockArrays F, BlockArrays M, nb::object memory, bool is_given, std::tuple<In3, In3, In1> of_level,
           std::optional<In3> source, double power, bool is_newtonian, std::tuple<double, double, Index> limits,
           std::tuple<Index, Index, Index> guess, std::tuple<Index, Index> iterations, Index place,
           std::tuple<Index, Index> steps, Out4 found_F, Out4 found_M) {
            const auto& values = std::get<0>(F);
            const auto& [A_inverse, D, scale] = of_level;
            const auto shape = shape_of(values);
            const auto [first, last] = steps;
            same_shape(values, std::get<0>(M));
            same_shape(A_inverse, D);
            same_shape(found_F, found_M);
            require(
                Index(A_inverse.size()) == shape.matrix() && Index(scale.size()) == shape.n_rows &&
                    (!source || Index(source->size()) == shape.matrix()) &&
                    Index(found_F.size()) == Index(found_F.shape(0)) * shape.matrix(),
                "A_inverse, D and source must be (n, n, n_rows), scale (n_rows,), found_F (n_times, n, n, n_rows)"
            );
            require(
                shape.n_times / 2 < first && last < shape.n_times && place >= 0 &&
                    place + last - shape.n_times / 2 < Index(found_F.shape(0)),
                "steps must lie in the upper half of the block, and in the grid"
            );
            const glassdask::Block blocks[] = {block_of(F), block_of(M)};
            const glassdask::Level level{
                A_inverse.data(), D.data(), source ? source->data() : nullptr, scale.data(), power, is_newtonian, place};
            glassdask::Iteration iteration{
                std::get<0>(limits), std::get<1>(limits),     std::get<2>(limits),     std::get<0>(guess), std::get<1>(guess),
                std::get<2>(guess),  std::get<0>(iterations), std::get<1>(iterations), 0};
            std::optional<PythonMemory> in_python;
            glassdask::MemoryFunctional* functional = nullptr;
            if (!nb::try_cast(memory, functional)) functional = &in_python.emplace(memory);
            std::vector<double> work(3 * shape.matrix());
            glassdask::StepsEnd end;
            {
                Unlocked unlocked;
                end = glassdask::solve_steps(
                    blocks[0], blocks[1], shape, level, *functional, is_given, iteration, first, last, work.data(),
                    found_F.data(), found_M.data()
                );
            }
            return std::make_tuple(int(end), iteration.of_level, iteration.n_evaluations);
        },
        array("F"), array("M"), "memory"_a, "is_given"_a, array("of_level"), array("source").none(), "power"_a,
        "is_newtonian"_a, "limits"_a, "guess"_a, "iterations"_a, "place"_a, "steps"_a, array("found_F"), array("found_M"),
        R"(Solves consecutive times of the upper half of a block: past of the integral, first guess, iterations, moments.

Parameters
----------
F, M
    Values, means, skews and hats of the block, each of shape (2N + 1, n, n, n_rows).
memory
    A `MemoryFunctional`, or a function of the place in the grid and of i that writes M_i where F_i is known.
is_given
    M does not depend on F: no step is iterated.
of_level
    A⁻¹ and D, shape (n, n, n_rows), and the size of F of each row, (n_rows,).
source
    Shape (n, n, n_rows), or None.
power, is_newtonian
    As for `begin_step`.
limits
    Changes at which iterations end and at which F is lost, and the most iterations.
guess
    Fewest and most times that a step is guessed from, and the number of iterations of a step from which it is the fewest.
iterations
    Most of a step, in the level before and in this one so far.
place
    Of the level's time N in the grid.
steps
    The first and the last i, N + 1 … 2N.
found_F, found_M
    F and M at the times of the grid, (n_times, n, n, n_rows); what is solved is written there.

Returns
-------
tuple of int
    0 done, 1 diverged, 2 not resolved; most iterations of a step in this level so far; evaluations of the memory.
)"
    );
    module.def(
        "memory_at",
        [](In1 K, In2 amplitudes, Out2 powers, In2 growth, Out1 M) {
            same_shape(amplitudes, powers, growth);
            same_shape(K, M);
            require(amplitudes.shape(1) == K.shape(0), "amplitudes must be (n_exp, n_rows)");
            glassdask::memory_at(
                K.data(), amplitudes.data(), powers.data(), growth.data(), amplitudes.shape(0), K.shape(0), M.data()
            );
        },
        array("K"), array("amplitudes"), array("powers"), array("growth"), array("M"),
        R"(M = K + Σ_m A_m exp(−u_m) of each row at one time, u = (t/τ)^b = growth · powers, which is kept in `powers`.

K and M have the shape (n_rows,), the others (n_exp, n_rows).
)"
    );
    module.def(
        "solve_pack",
        [](In2 columns, double first_step, Index n_levels, Index n_half, bool is_newtonian) {
            const Index n_columns = columns.shape(0), n_rows = columns.shape(1);
            require(n_columns >= 2 && (n_columns - 2) % 3 == 0, "columns must be (2 + 3 n, n_rows)");
            require(n_half >= 4 && n_half % 2 == 0 && n_levels >= 0, "n_half must be even and 4 or more, n_levels 0 or more");
            auto [result, found] = new_array(2 * n_half + 1 + n_levels * n_half, n_rows);
            Unlocked unlocked;
            glassdask::solve_pack(
                columns.data(), (n_columns - 2) / 3, n_rows, first_step, n_levels, n_half, is_newtonian, found
            );
            return result;
        },
        array("columns"), "first_step"_a, "n_levels"_a, "n_half"_a, "is_newtonian"_a,
        R"(F on the grid, shape (n_times, n_rows): fill the first block; double the step and solve the upper half, repeatedly.

Parameters
----------
columns
    The candidates Ω, K, A_1 … A_n, τ_1 … τ_n, b_1 … b_n, shape (2 + 3 n, n_rows).
first_step, n_levels, n_half
    Of :class:`glassdask.physics.memory.time_doubling.DoublingGrid`. [time; 1; 1]
is_newtonian
    The equation, E1' in place of E1.
)"
    );
    module.def(
        "interpolated_rows",
        [](In2 F, Integers2 places, In2 weights) {
            same_shape(places, weights);
            require(places.shape(1) == 4, "places and weights must be (n, 4)");
            auto [result, numbers] = new_array(F.shape(1), places.shape(0));
            Unlocked unlocked;
            glassdask::interpolated_rows(F.data(), F.shape(1), places.data(), weights.data(), places.shape(0), numbers);
            return result;
        },
        array("F"), array("places"), array("weights"),
        "Σ_p weights[j, p] F[places[j, p]], shape (n_rows, n), of F of shape (n_times, n_rows)."
    );

    module.def(
        "collective_sums",
        [](In3 F, In3 c, Out3 sums) {
            same_shape(F, c, sums);
            require(F.shape(0) == F.shape(1), "F must be (n_species, n_species, N_k)");
            Unlocked unlocked;
            glassdask::collective_sums(F.data(), c.data(), sums.data(), F.shape(0), F.shape(2));
        },
        array("F"), array("c"), array("sums"),
        R"(T_ab(k) = Σ_{jl} Q P {A² G_ab(q) F_ab(p) + A B H_ab(q) H_ba(p)} / K³ with G = cFc, H = cF (docs/equations.md, E7).

Q, P, K = j + ½, l + ½, i + ½ and A = K² + Q² − P², B = K² + P² − Q² are in units of dk.

Parameters
----------
F
    F_ab(k), symmetric in a and b, shape (n_species, n_species, N_k). [1]
c
    c_ab(k), same shape. [length³]
sums
    T_ab(k) is written here, same shape. [length⁶]
)"
    );
    module.def(
        "tagged_sums",
        [](In2 W, In2 F, Out2 sums) {
            same_shape(W, F, sums);
            Unlocked unlocked;
            glassdask::tagged_sums(W.data(), F.data(), sums.data(), F.shape(0), F.shape(1));
        },
        array("W"), array("F"), array("sums"),
        R"(T_s(k) = Σ_{jl} Q P A² W_s(q) F_s(p) / K³ for tagged particles of each species s (docs/equations.md, E4).

Parameters
----------
W
    Σ_ab c_sa F_ab c_sb at q, shape (n_species, N_k). [length⁶]
F
    F_s(k), same shape. [1]
sums
    T_s(k) is written here, same shape. [length⁶]
)"
    );
    module.def(
        "window_moments",
        [](In2 phi, Out4 moments) {
            const std::size_t n_k = phi.shape(1);
            require(
                moments.shape(0) == phi.shape(0) && moments.shape(1) == 3 && moments.shape(2) == n_k && moments.shape(3) == n_k,
                "moments must be (n_rows, 3, N_k, N_k)"
            );
            Unlocked unlocked;
            glassdask::window_moments(phi.data(), moments.data(), phi.shape(0), n_k);
        },
        array("phi"), array("moments"),
        R"(U_r(i, j) = Σ_l P_l u_l^r φ_l over |i−j| ≤ l ≤ i+j, of which derivatives of the integral are made (docs/equations.md, E7).

P_l = l + ½ and u_l = P_l² − P_m² with m = max(i, j): counted from the centre of the window.

Parameters
----------
phi
    Functions of the wavenumber, shape (n_rows, N_k).
moments
    U_r(i, j) for r = 0, 1, 2 is written here, shape (n_rows, 3, N_k, N_k).
)"
    );
    module.def(
        "next_limit",
        [](Out3 F, In3 S, In3 S_inverse, In3 c, In3 factor, In3 scale, Out3 change) {
            same_shape(F, S, S_inverse, c, factor, scale, change);
            require(F.shape(0) == F.shape(1), "F must be (n_species, n_species, N_k)");
            glassdask::LimitStep found;
            {
                Unlocked unlocked;
                found = glassdask::next_limit(
                    F.data(), S.data(), S_inverse.data(), c.data(), factor.data(), scale.data(), change.data(), F.shape(0),
                    F.shape(2)
                );
            }
            return std::make_tuple(found.size, found.largest, found.both, found.before_square, found.square);
        },
        array("F"), array("S"), array("S_inverse"), array("c"), array("factor"), array("scale"), array("change"),
        R"(F ← S − (S⁻¹ + m)⁻¹ with m_ab = factor_ab T_ab[F], T of `collective_sums` (docs/equations.md, E5).

All arrays have the shape (n_species, n_species, N_k).

Parameters
----------
F
    F_ab(k), which is replaced. [1]
change
    How F has changed the time before; replaced by how it has changed now. [1]
scale
    In units of which changes are told. [1]

Returns
-------
tuple of float
    Largest |F| and largest |change| in units of the scale; <d_1, d_0>, <d_0, d_0>, <d_1, d_1> of this change d_1 and the one
    before, d_0.
)"
    );
    module.def(
        "multiply_rows",
        [](Out3 M, In2 factor) {
            require(M.shape(0) == factor.shape(0) && M.shape(1) == factor.shape(1), "factor must be (n, n), M (n, n, N_k)");
            glassdask::multiply_rows(M.data(), factor.data(), factor.size(), M.shape(2));
        },
        array("M"), array("factor"),
        "M_ab(k) ← factor_ab M_ab(k), where NumPy's broadcasting would cost a third of the sums above."
    );

    module.attr("LARGEST_PHASE") = glassdask::LARGEST_PHASE;
    module.attr("TINY_DISTANCE") = glassdask::TINY_DISTANCE;
    module.def(
        "sine_and_cosine",
        [](In1 x, Out1 sine, Out1 cosine) {
            same_shape(x, sine, cosine);
            glassdask::sine_and_cosine(x.data(), sine.data(), cosine.data(), x.size());
        },
        array("x"), array("sine"), array("cosine"), "sin x and cos x for |x| < LARGEST_PHASE, to 2e-16, shape (n,)."
    );
    module.def(
        "fill_density_sums",
        [](In3 turns, Integers1 species_stops, Integers1 reach, Integers2 prefixes, Integers1 stops, Integers1 heights,
           Out4 sums) {
            const auto n_heights = heights.shape(0);
            require(
                reach.shape(0) == turns.shape(2) && prefixes.shape(1) + 1 == turns.shape(2) &&
                    prefixes.shape(0) == stops.shape(0),
                "turns must be (n_frames, N, d), reach (d,), prefixes (n_rows, d - 1), stops (n_rows,)"
            );
            require(
                sums.shape(0) == turns.shape(0) && sums.shape(1) == species_stops.shape(0) && sums.shape(2) == n_heights &&
                    sums.shape(3) == 4,
                "sums must be (n_frames, n_species, n_heights, 4)"
            );
            Unlocked unlocked;
            glassdask::fill_density_sums(
                turns.data(), turns.shape(0), turns.shape(1), turns.shape(2), species_stops.data(), species_stops.shape(0),
                reach.data(),
                {prefixes.data(), stops.data(), heights.data(), Index(stops.shape(0)), Index(n_heights)}, sums.data()
            );
        },
        array("turns"), array("species_stops"), array("reach"), array("prefixes"), array("stops"), array("heights"),
        array("sums"),
        R"(Σ_j {Re, Im}(row) {Re, Im}(exp(2πi h s_d)) of each frame, species and height h of a row, in the order cc, cs, sc, ss.

Parameters
----------
turns
    Fractional coordinates s, |s| below 10⁵, sorted by species, shape (n_frames, N, d).
species_stops
    Where each species ends, shape (n_species,).
reach
    Largest |n| of each axis, shape (d,).
prefixes
    n_1 … n_{d−1} of each row, whose value is exp(2πi (n_1 s_1 + …)), shape (n_rows, d − 1).
stops
    Where the heights of each row end, shape (n_rows,).
heights
    |n_d| wanted of each row, row after row, shape (n_heights,).
sums
    Written here, shape (n_frames, n_species, n_heights, 4).
)"
    );
    const char* of_rows =
        R"({c,s}_x {c,s}_y of columns (n_x, n_y) and particles, in single or double precision.

Parameters
----------
x, y
    Cosines and sines of 2π n x/L, shape (2, n_values, N).
n_x, n_y
    Which n, shape (n_columns,).
rows
    Written here: cc, cs, sc, ss of all columns, shape (4 n_columns, N).
)";
    module.def("fill_octant_rows", octant_rows<float>, array("x"), array("y"), array("n_x"), array("n_y"), array("rows"));
    module.def(
        "fill_octant_rows", octant_rows<double>, array("x"), array("y"), array("n_x"), array("n_y"), array("rows"), of_rows
    );
    const char* of_squares =
        R"(Σ_T R_T^a R_T^b of each vector and pair a ≤ b, times its weight, is added to the mean of its bin.

Parameters
----------
sums
    R_T of each species: cc, cs, sc, ss along x and y, cosine and sine along z as neighbours, shape (n_species, 4, 2 n_vectors).
bins, weight
    Of each vector, shape (n_vectors,).
means
    Shape (n_pairs, n_bins).
)";
    module.def("add_octant_squares", octant_squares<float>, array("sums"), array("bins"), array("weight"), array("means"));
    module.def(
        "add_octant_squares", octant_squares<double>, array("sums"), array("bins"), array("weight"), array("means"), of_squares
    );
    const auto means = [&module](const char* name, auto function, const char* text) {
        module.def(
            name,
            [function](In1 distances, In1 inverse, In1 wavenumbers, Out1 means) {
                same_shape(distances, inverse);
                same_shape(wavenumbers, means);
                function(
                    distances.data(), inverse.data(), distances.size(), wavenumbers.data(), wavenumbers.size(), means.data()
                );
            },
            array("distances"), array("inverse"), array("wavenumbers"), array("means"), text
        );
    };
    means(
        "fill_sine_means", glassdask::fill_sine_means,
        "means[i] = mean of sin(k_i r)/(k_i r) over the distances r, given with 1/r, each wavenumber by itself."
    );
    means(
        "fill_sine_means_on_grid", glassdask::fill_sine_means_on_grid,
        "The same for at least two wavenumbers on a uniform grid, each reached from the one before by a rotation."
    );
    const char* text =
        R"(F[pair, species, k] of unwrapped positions (n_frames, N, 3), in single or double precision.

Particles are taken in the order given, which puts those of species s before stops[s] and after stops[s − 1]. F of a
pair is NaN where positions are, or where a particle has moved too far for the sines. At rest, the mean displacement of all
particles is taken off.
)";
    module.def(
        "fill_scattering", scattering<float>, array("positions"), array("pairs"), array("order"), array("stops"), array("wavenumbers"), "is_grid"_a,
        "is_at_rest"_a, array("F")
    );
    module.def(
        "fill_scattering", scattering<double>, array("positions"), array("pairs"), array("order"), array("stops"), array("wavenumbers"), "is_grid"_a,
        "is_at_rest"_a, array("F"), text
    );
}
