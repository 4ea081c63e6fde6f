// What drives a box.
#pragma once

#include <cstdint>

#include "box.h"

namespace native {

// Stochastic velocity rescaling; random numbers are those of the seed and the step, so that a run continues bit by bit.
struct Thermostat {
    double temperature, relaxation_time;
    std::uint64_t seed;
};

}  // namespace native
