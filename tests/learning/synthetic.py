"""States that nobody simulated: stretched exponentials whose times grow on cooling, S(k) that varies smoothly with T and ρ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassdask.learning.data.training_set import Floats, TrainingSet

#: Composition of the mixture, and where T_mct lies at ρ = 1.2 for each potential. [1, epsilon_AA/k_B]
_COMPOSITION = (0.8, 0.2)
_T_MCT = {"lj": 0.9, "wca": 0.7}


def make_samples(
    n_temperatures: int = 12,
    potentials: Sequence[str] = ("lj",),
    densities: Sequence[float] = (1.2,),
    n_replicas: int = 1,
    n_times: int = 40,
    n_wavenumbers: int = 100,
    noise: float = 0.0,
) -> TrainingSet:
    """TrainingSet of every potential, density, temperature and replica.

    Parameters
    ----------
    n_temperatures
        From 1.05 to 4 T_mct, evenly in 1/T.
    potentials, densities, n_replicas
        Replicas are equal, but for noise.
    n_times, n_wavenumbers
        Sizes of the curves.
    noise
        Standard deviation that is added to F; a fixed seed.
    """
    ratios = 1 / np.linspace(1 / 4, 1 / 1.05, n_temperatures)
    states = [
        (potential, rho, ratio * _T_MCT[potential] * (rho / 1.2) ** 4, replica)
        for potential in potentials
        for rho in densities
        for ratio in ratios
        for replica in range(n_replicas)
    ]
    potential, density, temperature, replica = (np.array(column) for column in zip(*states, strict=True))
    critical = np.array([_T_MCT[name] for name in potential]) * (density / 1.2) ** 4
    wavenumber = np.arange(0.5, n_wavenumbers) * 0.4
    lag_time: Floats = np.geomspace(0.1, 1e4, n_times)
    curves = _scattering(temperature / critical, lag_time)
    random = np.random.default_rng(7)
    return TrainingSet(
        potential=potential,
        temperature=temperature,
        density=density,
        replica=replica,
        wavenumber=wavenumber,
        structure_factor=_structure(wavenumber, temperature / critical, density),
        lag_time=lag_time,
        scattering=curves + noise * random.standard_normal(curves.shape),
        scattering_error=np.full_like(curves, max(noise, 1e-3)),
        theory=_scattering(temperature / critical / 1.5, lag_time),
        critical_coupling=(temperature / critical) ** 0.5,
        critical_temperature=critical,
    )


def _scattering(ratio: Floats, lag_time: Floats) -> Floats:
    """F of A and B, shape (n, n_t, 2): one decay, slower and more stretched on cooling; B is the faster species."""
    tau = 5.0 * np.exp(6.0 / ratio[:, None, None]) * np.array([1.0, 0.5])
    stretch = 0.6 + 0.4 * (1 - 1 / (1 + ratio[:, None, None]))
    return np.exp(-((lag_time[None, :, None] / tau) ** stretch))


def _structure(wavenumber: Floats, ratio: Floats, density: Floats) -> Floats:
    """S_AA, S_AB, S_BB, shape (n, 3, n_k): a peak that grows and sharpens on cooling; x_a at large k."""
    height = (1.5 + 1.0 / ratio)[:, None]
    place = 7.2 * (density / 1.2)[:, None] ** (1 / 3)
    peak = height * np.exp(-((wavenumber[None, :] - place) ** 2) * (0.5 + 0.3 / ratio[:, None]))
    x_a, x_b = _COMPOSITION
    return np.stack([x_a * (1 + peak), -x_a * x_b * peak, x_b * (1 + 0.5 * peak)], axis=1)
