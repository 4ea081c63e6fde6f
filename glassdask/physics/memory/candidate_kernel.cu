// The memory equation for one candidate M(t) = K + sum A_i exp(-(t/tau_i)^b_i), F(0) = 1, by one warp: the scheme, and the
// arithmetic, of candidate_steps.cpp. The 32 lanes share the history of a block in shared memory and add up its sums.
//
// Between two __syncwarp() no lane reads what another writes. All sums are doubles.

#define LANES 32

struct Block {  // of 2 n_half + 1 times: values, differences, means and skews of the steps, weights of differences
    double *value, *step, *mean, *skew, *hat;
};

__device__ double *next_array(double *&memory, int length)
{
    double *found = memory;
    memory += length;
    return found;
}

__device__ Block next_block(double *&memory, int length)
{
    Block block;
    block.value = next_array(memory, length);
    block.step = next_array(memory, length);
    block.mean = next_array(memory, length);
    block.skew = next_array(memory, length);
    block.hat = next_array(memory, length);
    return block;
}

__device__ double sum_of_lanes(double mine)
{
    for (int offset = LANES / 2; offset > 0; offset /= 2)
        mine += __shfl_xor_sync(0xffffffffu, mine, offset);
    return mine;
}

// Difference, mean and skew of the step that ends at time i.
__device__ void moments_at(const Block &x, int i)
{
    double now = x.value[i], old = x.value[i - 1];
    x.step[i] = now - old;
    x.skew[i] = (now - old) * (1.0 / 12.0);
    x.mean[i] = i > 1 ? (5.0 * now + 8.0 * old - x.value[i - 2]) * (1.0 / 12.0) : 0.5 * (now + old);
}

// The block with every second time left out, and the weights of differences in the integral.
__device__ void halve(const Block &x, int n_half, int lane)
{
    for (int first = 1; first <= n_half; first += LANES) {
        int i = first + lane;
        double low = 0, high = 0, skew = 0, value = 0, before = 0;
        if (i <= n_half) {
            low = x.mean[2 * i - 1];
            high = x.mean[2 * i];
            skew = 0.25 * (x.skew[2 * i - 1] + x.skew[2 * i]) + 0.125 * (high - low);
            value = x.value[2 * i];
            // the time before has been moved if an earlier turn of this loop did so
            before = lane == 0 ? x.value[i - 1] : x.value[2 * i - 2];
        }
        __syncwarp();
        if (i <= n_half) {
            x.mean[i] = 0.5 * (low + high);
            x.skew[i] = skew;
            x.value[i] = value;
            x.step[i] = value - before;
        }
        __syncwarp();
    }
    for (int j = 1 + lane; j <= n_half; j += LANES) {
        double after = j < n_half ? x.skew[j + 1] : 0.0;
        if (j == 1)
            x.hat[j] = x.mean[j] - x.skew[1] - 0.5 * after;
        else if (j == 2)
            x.hat[j] = x.mean[j] + x.skew[1] - 0.5 * after;
        else
            x.hat[j] = x.mean[j] + 0.5 * (x.skew[j - 1] - after);
    }
    __syncwarp();
}

// M at time i from (t/tau)^b, which grows by 2^b when the step is doubled.
__device__ double memory_at(double K, const double *amplitudes, double *powers, const double *growth, int n_exp,
                            int length, int i)
{
    double sum = K;
    for (int m = 0; m < n_exp; ++m) {
        double u = powers[m * length + i] * growth[m];
        powers[m * length + i] = u;
        if (u < 0.02)
            sum += amplitudes[m] * (1.0 - u * (1.0 - u / 2 * (1.0 - u / 3 * (1.0 - u / 4 * (1.0 - u / 5)))));
        else if (u < 40.0)
            sum += amplitudes[m] * exp(-u);
    }
    return sum;
}

// What of the integral at time i is known before F_i; shared by the lanes.
__device__ double past_of_integral(const Block &F, const Block &M, int n_half, int i, int lane)
{
    int middle = i / 2, rest = i - middle;
    double mine = 0.0;
    for (int j = 2 + lane; j <= middle; j += LANES)
        mine -= M.step[i - j + 1] * F.hat[j] + M.hat[j] * F.step[i - j + 1];
    double sum = sum_of_lanes(mine);
    sum += M.value[i - 1] * F.hat[1] + M.hat[1] * F.value[i - 1] - M.value[rest] * F.value[middle]
        - 0.5 * (M.step[rest] * F.skew[middle] + M.skew[rest] * F.step[middle]);
    if (rest > middle)
        sum -= M.hat[rest] * F.step[middle + 1];
    if (middle < n_half)
        sum -= 0.5 * M.step[rest + 1] * F.skew[middle + 1];
    if (rest < n_half)
        sum -= 0.5 * M.skew[rest + 1] * F.step[middle + 1];
    return sum;
}

// Solves one candidate: columns are Omega, K, A_1 ... A_n, tau_1 ... tau_n, b_1 ... b_n, `stride` apart.
// found holds F on the whole grid, 2 n_half + 1 + n_levels n_half times.
__device__ void solve_candidate(const double *column, int stride, int n_exp, double first_step, int n_levels, int n_half,
                                int is_newtonian, double *memory, double *found, int lane)
{
    int length = 2 * n_half + 1;
    double Omega = column[0], K = column[stride];
    Block F = next_block(memory, length), M = next_block(memory, length);
    double *powers = next_array(memory, n_exp * length), *amplitudes = next_array(memory, n_exp);
    double *growth = next_array(memory, n_exp);

    for (int i = lane; i < 10 * length; i += LANES)
        F.value[i] = 0.0;  // both blocks lie in a row
    for (int m = lane; m < n_exp; m += LANES) {
        amplitudes[m] = column[(2 + m) * stride];
        growth[m] = 1.0;
    }
    for (int m = 0; m < n_exp; ++m) {  // (t/tau)^b of odd steps as it is, of even ones from half the step
        double tau = column[(2 + n_exp + m) * stride], b = column[(2 + 2 * n_exp + m) * stride];
        double offset = log(first_step / tau), factor = exp2(b);
        if (lane == 0)
            powers[m * length] = 0.0;
        for (int odd = 1 + 2 * lane; odd < length; odd += 2 * LANES) {
            double power = exp(b * (log((double)odd) + offset));
            for (int i = odd; i < length; i *= 2, power *= factor)
                powers[m * length + i] = power;
        }
    }
    __syncwarp();
    for (int i = lane; i < length; i += LANES)
        M.value[i] = memory_at(K, amplitudes, powers, growth, n_exp, length, i);
    __syncwarp();
    for (int m = lane; m < n_exp; m += LANES)
        growth[m] = exp2(column[(2 + 2 * n_exp + m) * stride]);
    double second = Omega * (Omega + M.value[0]);
    for (int i = lane; i < length; i += LANES) {
        double t = i * first_step, t2 = t * t;
        F.value[i] = is_newtonian ? 1.0 - Omega * (t2 / 2.0) + second * (t2 * t2 / 24.0)
                                  : 1.0 - Omega * t + second * (t2 / 2.0);
        found[i] = F.value[i];
    }
    __syncwarp();
    for (int i = 1 + lane; i < length; i += LANES) {
        moments_at(F, i);
        moments_at(M, i);
    }
    __syncwarp();

    double h = first_step;
    for (int level = 0; level < n_levels; ++level) {
        h *= 2.0;
        halve(F, n_half, lane);
        halve(M, n_half, lane);
        for (int i = n_half + 1 + lane; i < length; i += LANES)
            M.value[i] = memory_at(K, amplitudes, powers, growth, n_exp, length, i);
        __syncwarp();
        for (int i = n_half + 1 + lane; i < length; i += LANES)
            moments_at(M, i);
        __syncwarp();
        double power = is_newtonian ? h * h : h;
        double A = 1.0 / ((is_newtonian ? 2.0 : 1.5) / power + Omega + M.hat[1]);
        for (int i = n_half + 1; i < length; ++i) {
            double C = past_of_integral(F, M, n_half, i, lane);
            double before = is_newtonian ? 5.0 * F.value[i - 1] - 4.0 * F.value[i - 2] + F.value[i - 3]
                                         : 2.0 * F.value[i - 1] - 0.5 * F.value[i - 2];
            double value = A * (M.value[i] * (1.0 - F.hat[1]) + C + before * (1.0 / power));
            if (lane == 0) {
                F.value[i] = value;
                moments_at(F, i);
            }
            __syncwarp();
        }
        for (int i = n_half + 1 + lane; i < length; i += LANES)
            found[length + level * n_half + i - n_half - 1] = F.value[i];
        __syncwarp();
    }
}

#ifndef ON_HOST
// One warp a candidate, blockDim.y warps a block; shared memory: warp_doubles doubles a warp.
extern "C" __global__ void solve_candidates(const double *columns, int n_rows, int n_exp, double first_step, int n_levels,
                                            int n_half, int is_newtonian, int warp_doubles, double *found)
{
    extern __shared__ double shared[];
    int row = blockIdx.x * blockDim.y + threadIdx.y;
    if (row < n_rows)  // a warp as a whole is in or out
        solve_candidate(columns + row, n_rows, n_exp, first_step, n_levels, n_half, is_newtonian,
                        shared + threadIdx.y * warp_doubles,
                        found + (long long)row * (2 * n_half + 1 + n_levels * n_half), threadIdx.x);
}
#endif
