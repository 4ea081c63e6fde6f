# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From S(k) to slow dynamics
#
# What a structure factor says of the dynamics, and what the dynamics say of its memory: partial structure factors of the
# Kob–Andersen Lennard-Jones mixture, mode-coupling theory in time and its critical temperature, a memory function found by
# evolution, and one found by inversion. Less than a minute on one core; this page is `docs/tutorial.py`, which Jupyter opens
# through jupytext and `python docs/tutorial.py` runs.
#
# The data are our own molecular dynamics at ρ = 1.2: one run of 1,200 particles at each of ten temperatures. Lengths are in
# σ_AA, energies in ε_AA, times in τ_MD = (m σ_AA²/48 ε_AA)^½.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import glassdask
from glassdask.physics.mode_coupling.critical_temperature import critical_temperature
from glassdask.physics.structure.static_structure import matrix_of_pairs

benchmarks = next(folder for folder in (Path("benchmarks"), Path("../benchmarks")) if folder.is_dir())
measured = np.load(benchmarks / "data" / "workstation.npz")
chosen = (measured["potential"] == "lj") & (measured["density"] == 1.2)
density, composition = 1.2, np.array([0.8, 0.2])
T, S, k = measured["temperature"][chosen], measured["structure_factor"][chosen], measured["wavenumber"]
print("T =", *T)

# %% [markdown]
# ## Partial structure factors
#
# S_ab(k) = (1/N) ⟨ρ_a(k) ρ_b*(k)⟩, which tends to x_a δ_ab at large k. Between the hottest and the coldest state little
# happens, while the relaxation time of A grows from 1.7 to 126 τ_MD: that is the riddle.

# %%
figure, axes = plt.subplots(1, 3, figsize=(10, 3), sharex=True, layout="constrained")
for i, pair in enumerate(("AA", "AB", "BB")):
    for state in (0, -1):
        axes[i].plot(k, S[state, i], label=f"T = {T[state]:g}")
    axes[i].set(xlim=(0, 25), xlabel="k σ_AA", title=f"S_{pair}(k)")
axes[0].legend()
plt.show()

# %% [markdown]
# ## The critical temperature of mode-coupling theory
#
# `critical_temperature` smooths S(k) in T and looks for the point where the long-time limit of F(k,t) jumps. The four runs
# nearest to it, one a temperature, are too few for an error bar; Table 1 in `benchmarks/results` is from ten runs a density.

# %%
found = critical_temperature(T, S, k, density, composition)
table = xr.open_dataset(benchmarks / "results" / "table1.nc").sel(potential="lj", rho=density)
T_mct, T_table = found.temperature, float(table.critical_temperature)
print(f"{found.verdict}: T_mct = {T_mct:.3f}, {found.message}")
print(f"Table 1: {T_table:.3f} ± {float(table.critical_temperature_error):.3f}; the paper: 0.90")

# %% [markdown]
# Just below it, the nonergodicity parameters f(k) = F(k,∞)/S(k) say which density fluctuations are frozen in.

# %%
glass = found.point.glass
f_AA = glass.F[0, 0] / found.point.glass_structure.structure_factor[0, 0]
plt.figure(figsize=(5, 3.2), layout="constrained")
plt.plot(k, f_AA, label="AA, these runs")
plt.plot(k, table.critical_nonergodicity.sel(pair="AA"), "--", label="AA, Table 1")
plt.plot(k, glass.F_s[0], label="self part of A")
plt.xlabel("k σ_AA")
plt.ylabel("f(k) at T_mct")
plt.legend()
plt.show()

# %% [markdown]
# ## Dynamics: theory beside simulation
#
# `StaticStructure` is all that the theory is given. With Newtonian dynamics the mobility is k_BT/m, here T/48.

# %%
states = [0, 2, 4, 5, 7]
structures = {i: glassdask.StaticStructure(k, matrix_of_pairs(S[i]), density, composition) for i in states}
theory = {i: glassdask.mode_coupling_dynamics(structures[i], 1e5, "newtonian", T[i] / 48) for i in states}
limits = {i: glassdask.nonergodicity_parameter(structures[i]).state for i in states}
peak = int(np.argmax(S[0, 0]))  # of S_AA: k_p
print({float(T[i]): limits[i] for i in states})

# %%
lag, scattering, error = measured["lag_time"], measured["scattering"][chosen], measured["scattering_error"][chosen]
plt.figure(figsize=(6, 3.6), layout="constrained")
for i in states:
    (line,) = plt.semilogx(theory[i].t[1:], theory[i].F_s[1:, 0, peak], "--")
    plt.semilogx(lag, scattering[i, :, 0], "o", ms=3, color=line.get_color(), label=f"T = {T[i]:g}")
plt.xlim(0.02, 1e5)
plt.xlabel("t / τ_MD")
plt.ylabel("F_s(k_p,t) of A")
plt.title("simulation (points), theory (dashed)", fontsize="medium")
plt.legend()
plt.show()

# %% [markdown]
# The theory arrests too early: at T = 0.74 it has a glass, where the simulation still relaxes.
#
# ## The memory that the simulation has
#
# F'' + Ω F + M ∗ F' = 0 holds for some M(t). `fit_memories` searches M as a sum of stretched exponentials so that the equation
# gives the measured F back; Ω = k_p² k_BT/m is fitted, too, from the k of the grid. BIC says how many exponentials the data
# bear: the smaller, the better.

# %%
cold = 7
target, notes = glassdask.checked_target(lag, scattering[cold, :, 0], error=error[cold, :, 0])
options = glassdask.FitOptions(n_exp=(1, 2), dynamics="newtonian", fits_omega=True)
fits = glassdask.fit_memories({"A": target}, {"A": k[peak] ** 2 * T[cold] / 48}, options)["A"]
for fit in fits:
    print(f"{fit.n_exp} modes: χ² per point = {fit.chi2_per_point:.2f}, BIC = {fit.bic:.0f}")
best = min(fits, key=lambda fit: fit.bic)
fitted_peak = float(np.sqrt(48 * best.Omega / T[cold]))
print(f"k_p = {fitted_peak:.2f}, τ = {best.memory.times.round(2)}, b = {best.memory.stretches.round(2)}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.errorbar(target.times, target.F, target.scale, fmt="o", ms=3, label="simulation")
left.semilogx(target.times, best.F, label=f"from M with {best.n_exp} modes")
left.set(xlabel="t / τ_MD", ylabel=f"F_s(k_p,t) of A, T = {T[cold]:g}")
left.legend()
right.semilogx(target.times, best.memory(target.times), label="of the simulation")
right.semilogx(theory[cold].t[1:], theory[cold].M_s[1:, 0, peak], "--", label="of mode-coupling theory")
right.set(xlim=left.get_xlim(), xlabel="t / τ_MD", ylabel="M(t) τ_MD²")
right.legend()
plt.show()

# %% [markdown]
# A steep mode of binary collisions, as quick as a Gaussian (b at the search's bound of 2), and a slow one of structural
# relaxation; the theory's memory never lets go.
#
# ## Inversion: M without a form for it
#
# Overdamped dynamics, of colloids, make F a sum of decaying exponentials, and then M follows by algebra. The theory's own
# solution is a good example, for its memory is known.

# %%
warm = 4
colloids = glassdask.mode_coupling_dynamics(structures[warm], 1e4)
times, F, M = colloids.t[1:], colloids.F_s[1:, 0, peak], colloids.M_s[1:, 0, peak]
kept = np.unique(np.searchsorted(times, np.geomspace(1e-4, times[-1], 80)).clip(max=times.size - 1))
inverted = glassdask.inverted_memory(times[kept], F[kept], Omega=k[peak] ** 2)
is_seen = (times > 1e-4) & (M[0] / 1000 < M)
inversion_error = float(np.abs(inverted(times[is_seen]) / M[is_seen] - 1).max())
print(f"largest relative error of M where M > M(0)/1000: {inversion_error:.1e}")

# %%
plt.figure(figsize=(5, 3.2), layout="constrained")
plt.loglog(times, M, label="of mode-coupling theory")
plt.loglog(times, inverted(times), ":", lw=3, label="from its F_s(k_p,t) alone")
plt.xlim(1e-5, 30)
plt.ylim(1e-3 * M[0], 2 * M[0])
plt.xlabel("t (k_BT = D = 1)")
plt.ylabel("M(t)")
plt.legend()
plt.show()

# %% [markdown]
# ## A campaign's own cube
#
# `glassdask run campaign.toml` leaves all of this, measured and theoretical, as one dataset with the dimensions potential, T,
# rho, pair, species, k and t. `make demo` makes one in eight CPU-minutes.

# %% tags=["parameters"]
campaign = Path("demo-campaign")

# %%
if (campaign / "observables.nc").is_file():
    cube = glassdask.open_campaign(campaign)
    print(dict(cube.sizes))
    print(cube.glass.states("done"))
    print(cube.relaxation_time.sel(species="A").to_series().dropna())
else:
    print(f"There is no {campaign / 'observables.nc'}: 'make demo' makes it")
