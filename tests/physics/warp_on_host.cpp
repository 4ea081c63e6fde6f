// One warp of a GPU as 32 threads of the host: the kernel's own source, its lanes, its barriers, its order of additions.
// What a lane reads without a barrier from another is a race here, too.

#include <barrier>
#include <cmath>
#include <thread>
#include <vector>

using std::exp;
using std::exp2;
using std::log;

static std::barrier<> *meeting;
static double exchanged[2][32];
static thread_local int lane_number, turn;

static void __syncwarp() { meeting->arrive_and_wait(); }

static double __shfl_xor_sync(unsigned, double mine, int offset)
{
    turn ^= 1;  // two boards in turn: nobody writes on one that another still reads
    exchanged[turn][lane_number] = mine;
    meeting->arrive_and_wait();
    return exchanged[turn][lane_number ^ offset];
}

#define ON_HOST
#define __device__ static
#include "candidate_kernel.cu"

extern "C" void solve_on_host(const double *columns, int n_rows, int n_exp, double first_step, int n_levels, int n_half,
                              int is_newtonian, int warp_doubles, double *found)
{
    std::barrier<> barrier(32);
    meeting = &barrier;
    std::vector<double> shared(warp_doubles, std::nan(""));  // as dirty as a GPU leaves it
    long n_times = 2 * n_half + 1 + n_levels * n_half;
    std::vector<std::thread> lanes;
    for (int lane = 0; lane < 32; ++lane)
        lanes.emplace_back([&, lane] {
            lane_number = lane;
            for (int row = 0; row < n_rows; ++row) {
                solve_candidate(columns + row, n_rows, n_exp, first_step, n_levels, n_half, is_newtonian, shared.data(),
                                found + row * n_times, lane);
                __syncwarp();
            }
        });
    for (auto &thread : lanes)
        thread.join();
}
