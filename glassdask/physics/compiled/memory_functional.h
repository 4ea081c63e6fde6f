#pragma once

#include <vector>

#include "mode_coupling_integral.h"
#include "processors.h"

namespace glassdask {

// The memory of the equation as the solver sees it: M at the grid's time number `place`, the i-th of its block, where F has
// the value given.
class MemoryFunctional {
   public:
    virtual ~MemoryFunctional() = default;
    virtual void fill(Index place, Index i, const double* F, double* M) = 0;
};

// M_ab = prefactor_ab T_ab of `collective_sums`.
class CollectiveMemory : public MemoryFunctional {
   public:
    CollectiveMemory(const double* c, const double* prefactor, Index n, Index n_k)
        : c_(c, c + n * n * n_k), prefactor_(prefactor, prefactor + n * n), n_(n), n_k_(n_k) {}
    void fill(Index, Index, const double* F, double* M) override {
        collective_sums(F, c_.data(), M, n_, n_k_);
        multiply_rows(M, prefactor_.data(), n_ * n_, n_k_);
    }
    Index n() const { return n_; }
    Index n_rows() const { return n_k_; }

   private:
    std::vector<double> c_, prefactor_;
    Index n_, n_k_;
};

// M_s = prefactor_s T_s of `tagged_sums`, of all species in one row; W at all times of the grid is somebody else's.
class TaggedMemory : public MemoryFunctional {
   public:
    TaggedMemory(const double* W, const double* prefactor, Index n_times, Index n, Index n_k)
        : W_(W), prefactor_(prefactor, prefactor + n), n_times_(n_times), n_(n), n_k_(n_k) {}
    void fill(Index place, Index, const double* F, double* M) override {
        tagged_sums(W_ + place * n_ * n_k_, F, M, n_, n_k_);
        multiply_rows(M, prefactor_.data(), n_, n_k_);
    }
    Index n_times() const { return n_times_; }
    Index n_rows() const { return n_ * n_k_; }

   private:
    const double* W_;
    std::vector<double> prefactor_;
    Index n_times_, n_, n_k_;
};

}  // namespace glassdask
