"""Networks that give F_s(k_p,t) of each species from a row: the paper's, and one that cannot give anything but a decay."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glassdask.errors import InvalidInput
from glassdask.learning.data.level_times import BALLISTIC, LEVELS

#: Layers of the paper (section 4.2).
PAPER_LAYERS = (500, 400, 400, 300, 200)
#: Least distance of two levels in ln t: curves stay continuous, and what divides by it finite.
_LEAST_STEP = 1e-3


class PaperNetwork(nn.Module):
    """Fully connected layers with ReLU between them, and an output for each species: F_A and F_B in the paper (section
    4.2). A row has `n_inputs` columns, ln t last: 304 in the paper."""

    def __init__(self, n_inputs: int, n_species: int = 2, layers: Sequence[int] = PAPER_LAYERS):
        super().__init__()
        sizes = [n_inputs, *layers]
        steps: list[nn.Module] = []
        for before, after in pairwise(sizes):
            steps += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*steps, nn.Linear(sizes[-1], n_species))

    def forward(self, rows: Tensor) -> Tensor:
        """F of shape (n_points, n_species) from scaled rows of shape (n_points, n_inputs)."""
        return self.layers(rows)


class DecayNetwork(nn.Module):
    """When F passes each of a ladder of levels: a curve that is 1 at t = 0, never rises and ends at 0, whatever the
    weights.

    With z = ln(−ln F), the network gives ln t of each level, no level before the one above it; between levels z is
    linear in ln t, before the first it falls with the slope 2 of ballistic motion, beyond the last it goes on as
    before. A relaxation time is a level's time, so that what is extrapolated in T or g_c is the logarithm of a time,
    and that nearly linearly: each output is a linear function of the row's features (all columns but the last, ln t),
    plus the correction of a small hidden layer, of so many units, where one is asked for.
    """

    levels: Tensor

    def __init__(self, n_inputs: int, n_species: int = 2, hidden: int = 0):
        super().__init__()
        self.register_buffer("levels", torch.tensor(LEVELS, dtype=torch.get_default_dtype()))
        self.n_species = n_species
        n_outputs = n_species * len(LEVELS)
        self.linear = nn.Linear(n_inputs - 1, n_outputs)
        self.correction = None
        if hidden:
            last = nn.Linear(hidden, n_outputs, bias=False)
            nn.init.zeros_(last.weight)
            self.correction = nn.Sequential(nn.Linear(n_inputs - 1, hidden), nn.Tanh(), last)

    def start(self, slopes: np.ndarray, offsets: np.ndarray) -> None:
        """Begins with these linear functions of a scaled row's features: shapes (n_species, n_levels, n_features),
        (n_species, n_levels)."""
        with torch.no_grad():
            self.linear.weight.copy_(torch.from_numpy(slopes.reshape(self.linear.weight.shape)))
            self.linear.bias.copy_(torch.from_numpy(offsets.reshape(-1)))

    def level_times(self, states: Tensor) -> Tensor:
        """ln t at which F passes each level, shape (n, n_species, n_levels), from scaled features, shape (n, n_inputs − 1)."""
        raw = self.linear(states)
        if self.correction is not None:
            raw = raw + self.correction(states)
        rising = torch.cummax(raw.view(len(states), self.n_species, len(self.levels)), dim=-1).values
        return rising + _LEAST_STEP * torch.arange(rising.shape[-1], dtype=raw.dtype, device=raw.device)

    def forward(self, rows: Tensor) -> Tensor:
        """F of shape (n_points, n_species) from rows of shape (n_points, n_inputs), their last column ln t, not scaled."""
        log_t = rows[:, -1:]
        times = self.level_times(rows[:, :-1])
        n = times.shape[-1]
        wanted = log_t[:, None, :].expand(-1, self.n_species, -1).contiguous()
        place = torch.searchsorted(times.detach().contiguous(), wanted)
        above = place.clamp(1, n - 1)
        t0, t1 = (times.gather(2, above - shift).squeeze(2) for shift in (1, 0))
        z0, z1 = (self.levels[above - shift].squeeze(2) for shift in (1, 0))
        z = z0 + (z1 - z0) * (log_t - t0) / (t1 - t0)
        ballistic = self.levels[0] + BALLISTIC * (log_t - times[..., 0])
        z = torch.where(place.squeeze(2) == 0, ballistic, z)
        return torch.exp(-torch.exp(z.clamp(-30.0, 5.0)))


#: Networks by the name that model files keep.
NETWORKS = ("paper", "decay")


def network(kind: str, n_inputs: int, n_species: int, **options: Any) -> nn.Module:
    """A network of a kind."""
    if kind == "paper":
        return PaperNetwork(n_inputs, n_species, **options)
    if kind == "decay":
        return DecayNetwork(n_inputs, n_species, **options)
    raise InvalidInput(f"network is {kind!r}; allowed: {', '.join(NETWORKS)}")
