// One warp of a GPU on the host: the kernel's own source, its lanes, its barriers, its order of additions. Its 32 lanes take
// turns from barrier to barrier in one thread, which costs less than threads that wait for each other; with LANES_ARE_THREADS
// they are threads, so that what a lane reads without a barrier from another is a race here, too.

#include <cmath>
#include <vector>

using std::exp;
using std::exp2;
using std::log;

static const int n_lanes = 32;

#ifdef LANES_ARE_THREADS

#include <barrier>
#include <thread>

static std::barrier<> *meeting;
static thread_local int lane_number;

static void __syncwarp() { meeting->arrive_and_wait(); }

template <typename Work> static void run_lanes(const Work &work)
{
    std::barrier<> barrier(n_lanes);
    meeting = &barrier;
    std::vector<std::thread> lanes;
    for (int lane = 0; lane < n_lanes; ++lane)
        lanes.emplace_back([&, lane] { work(lane_number = lane); });
    for (auto &thread : lanes)
        thread.join();
}

#else

#include <functional>
#include <ucontext.h>

static ucontext_t host, contexts[n_lanes];
static std::function<void(int)> work_of_lane;
static int lane_number;

// The next lane goes on, and this one when all others have come to this barrier.
static void __syncwarp()
{
    ucontext_t *mine = &contexts[lane_number];
    lane_number = (lane_number + 1) % n_lanes;
    swapcontext(mine, &contexts[lane_number]);
}

static void live()
{
    work_of_lane(lane_number);
    ++lane_number;  // the next lane is linked to the end of this one
}

template <typename Work> static void run_lanes(const Work &work)
{
    std::vector<std::vector<char>> stacks(n_lanes, std::vector<char>(1 << 18));
    work_of_lane = work;
    for (int lane = n_lanes - 1; lane >= 0; --lane) {
        getcontext(&contexts[lane]);
        contexts[lane].uc_stack.ss_sp = stacks[lane].data();
        contexts[lane].uc_stack.ss_size = stacks[lane].size();
        contexts[lane].uc_link = lane + 1 < n_lanes ? &contexts[lane + 1] : &host;
        makecontext(&contexts[lane], live, 0);
    }
    lane_number = 0;
    swapcontext(&host, &contexts[0]);
}

#endif

static double exchanged[2][n_lanes];
static int turns[n_lanes];

static double __shfl_xor_sync(unsigned, double mine, int offset)
{
    int lane = lane_number, turn = turns[lane] ^= 1;  // two boards in turn: nobody writes on one that another still reads
    exchanged[turn][lane] = mine;
    __syncwarp();
    return exchanged[turn][lane ^ offset];
}

#define ON_HOST
#define __device__ static
#include "candidate_kernel.cu"

extern "C" void solve_on_host(const double *columns, int n_rows, int n_exp, double first_step, int n_levels, int n_half,
                              int is_newtonian, int warp_doubles, double *found)
{
    std::vector<double> shared(warp_doubles, std::nan(""));  // as dirty as a GPU leaves it
    long n_times = 2 * n_half + 1 + n_levels * n_half;
    run_lanes([&](int lane) {
        for (int row = 0; row < n_rows; ++row) {
            solve_candidate(columns + row, n_rows, n_exp, first_step, n_levels, n_half, is_newtonian, shared.data(),
                            found + row * n_times, lane);
            __syncwarp();
        }
    });
}
