// How loops are written for the vector units of whatever processor the package finds itself on.
#pragma once

#include <cstddef>

// A function so marked is compiled for several processors, and the loader takes the best of them: one build serves the
// login node and all compute nodes. Where the compiler cannot do that (CMakeLists.txt asks it), its flags decide.
#ifdef HAS_TARGET_CLONES
#define FOR_ALL_PROCESSORS __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FOR_ALL_PROCESSORS
#endif

// A part of such a function: it must be compiled with it, for the same processor.
#define PART_OF_ONE static inline __attribute__((always_inline))

namespace glassdask {

using Index = std::ptrdiff_t;

}  // namespace glassdask
