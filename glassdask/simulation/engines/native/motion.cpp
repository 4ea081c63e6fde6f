#include "motion.h"

#include <immintrin.h>

#include <cmath>
#include <random>

namespace native {

double kinetic_energy(const Box& box) {
    double sum = 0.0;
    for (std::size_t i = 0; i < std::size_t(box.n); ++i) {
        const double* v = box.velocity.data() + 4 * i;
        sum += box.mass[i] * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    }
    return 0.5 * sum;
}

namespace {

// splitmix64: Steele, Lea and Flood, OOPSLA 2014, p. 453. Any number will do to begin with.
class Random {
public:
    using result_type = std::uint64_t;
    Random(std::uint64_t seed, std::uint64_t step) : state_(seed) { state_ = (*this)() + step * 0xd1342543de82ef95u; }
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return ~result_type(0); }
    result_type operator()() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

private:
    std::uint64_t state_;
};

// Eq. A7 of Bussi, Donadio and Parrinello, J. Chem. Phys. 126, 014101 (2007), for 3N - 3 degrees of freedom.
void rescale(Box& box, const Thermostat& thermostat, std::int64_t step) {
    const double n_free = 3.0 * box.n - 3.0;
    const double stays = std::exp(-box.time_step / thermostat.relaxation_time);
    Random random(thermostat.seed, std::uint64_t(step));
    const double normal = std::normal_distribution<double>()(random);
    const double others = 2.0 * std::gamma_distribution<double>(0.5 * (n_free - 1.0))(random);  // squares of n_free - 1 normals
    const double share = 0.5 * thermostat.temperature / kinetic_energy(box);  // k_B T / 2 K
    const double square =
        stays + (1.0 - stays) * share * (others + normal * normal) + 2.0 * normal * std::sqrt(stays * (1.0 - stays) * share);
    const double factor = std::sqrt(square);
    for (std::size_t i = 0; i < 4 * std::size_t(box.n); ++i) box.velocity[i] *= factor;
}

inline __m256d kicked(const Box& box, std::size_t i) {
    const __m256d force = _mm256_cvtepi32_pd(_mm_load_si128(reinterpret_cast<const __m128i*>(box.force.data() + 4 * i)));
    return _mm256_fmadd_pd(_mm256_set1_pd(box.half_kick[i]), force, _mm256_load_pd(box.velocity.data() + 4 * i));
}

void kick(Box& box) {
    for (std::size_t i = 0; i < std::size_t(box.n); ++i) _mm256_store_pd(box.velocity.data() + 4 * i, kicked(box, i));
}

void kick_and_drift(Box& box) {
    const __m256d counts = _mm256_set1_pd(std::ldexp(box.time_step / box.length, position_bits));
    // added to 1.5 * 2^52, a number is rounded to a whole one, which stands in the lowest bits
    const __m256d whole = _mm256_set1_pd(std::ldexp(1.5, 52));
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    for (std::size_t i = 0; i < std::size_t(box.n); ++i) {
        const __m256d velocity = kicked(box, i);
        _mm256_store_pd(box.velocity.data() + 4 * i, velocity);
        const __m256i step = _mm256_sub_epi64(_mm256_castpd_si256(_mm256_fmadd_pd(velocity, counts, whole)),
                                              _mm256_castpd_si256(whole));
        auto* at = reinterpret_cast<__m256i*>(box.position.data() + 4 * i);
        const __m256i position = _mm256_add_epi64(_mm256_load_si256(at), step);
        _mm256_store_si256(at, position);
        const __m256i seen = _mm256_srli_epi64(position, position_bits - seen_bits);
        _mm_store_si128(reinterpret_cast<__m128i*>(box.seen.data() + 4 * i),
                        _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(seen, even)));
    }
}

}  // namespace

bool advance(Box& box, const Thermostat* thermostat, std::int64_t first_step, std::int64_t n_steps) {
    if (!box.has_forces && !update_forces(box)) return false;
    for (std::int64_t step = first_step; step < first_step + n_steps; ++step) {
        kick_and_drift(box);
        update_lists(box);
        box.has_forces = false;
        if (!update_forces(box)) return false;
        kick(box);
        if (thermostat) rescale(box, *thermostat, step);
    }
    return true;
}

}  // namespace native
