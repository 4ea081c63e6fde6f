// Sine and cosine as polynomials after reduction to |x| ≤ π/4, without a call or a branch, so that the compiler turns loops
// over particles into vector instructions.
#pragma once

#include <cmath>

#include "processors.h"

namespace glassdask {

// sin x and cos x for |x| < 1e6, to 2e-16; Taylor series to the 15th and 16th power within π/4 of n π/2.
PART_OF_ONE void sine_and_cosine_of(double x, double& sine_of_x, double& cosine_of_x) {
    const double n = std::floor(x * 0.63661977236758134308 + 0.5);
    // π/2 as a sum of two numbers of 33 bits and the rest (Cody and Waite, Software Manual, 1980)
    const double r = ((x - n * 1.5707963267341256e00) - n * 6.0771005063039660e-11) - n * 2.0222662487959506e-21;
    const double y = r * r;
    double sine = -1.0 / 1307674368000.0;
    sine = sine * y + 1.0 / 6227020800.0;
    sine = sine * y - 1.0 / 39916800.0;
    sine = sine * y + 1.0 / 362880.0;
    sine = sine * y - 1.0 / 5040.0;
    sine = sine * y + 1.0 / 120.0;
    sine = sine * y - 1.0 / 6.0;
    sine = r + r * y * sine;
    double cosine = 1.0 / 20922789888000.0;
    cosine = cosine * y - 1.0 / 87178291200.0;
    cosine = cosine * y + 1.0 / 479001600.0;
    cosine = cosine * y - 1.0 / 3628800.0;
    cosine = cosine * y + 1.0 / 40320.0;
    cosine = cosine * y - 1.0 / 720.0;
    cosine = cosine * y + 1.0 / 24.0;
    cosine = 1.0 - 0.5 * y + y * y * cosine;
    const double quadrant = n - 4.0 * std::floor(0.25 * n);
    const bool is_odd = (quadrant == 1.0) | (quadrant == 3.0);
    const double first = is_odd ? cosine : sine, second = is_odd ? sine : cosine;
    sine_of_x = quadrant >= 2.0 ? -first : first;
    cosine_of_x = (quadrant == 1.0) | (quadrant == 2.0) ? -second : second;
}

}  // namespace glassdask
