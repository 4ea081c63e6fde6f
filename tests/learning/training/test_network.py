"""Networks: the paper's, layer by layer, and one that gives a decay whatever its weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.errors import InvalidInput
from glassdask.learning.data.level_times import LEVELS
from glassdask.learning.training.network import DecayNetwork, PaperNetwork, network

N_FEATURES = 4
#: The least step of two levels in ln t is 1e-3, their largest one in z 0.43, and |dF/dz| is at most 1/e.
STEEPEST = 0.43 / 1e-3 / np.e


# --- the paper's ------------------------------------------------------------------------------------------------------


def test_the_papers_network_has_its_layers() -> None:
    """304 → 500, 400, 400, 300, 200 → 2, each with offsets: 694202 parameters."""
    sizes = [304, 500, 400, 400, 300, 200, 2]
    made = PaperNetwork(304)
    shapes = [tuple(value.shape) for value in made.parameters()]
    expected = [shape for a, b in pairwise(sizes) for shape in ((b, a), (b,))]
    assert shapes == expected
    assert sum(value.numel() for value in made.parameters()) == 694_202


def test_the_papers_network_is_what_it_says() -> None:
    """W x + b, negative values cut between layers and not at the end; in single precision."""
    made = PaperNetwork(5, layers=(7, 3))
    rows = torch.randn(20, 5, generator=torch.Generator().manual_seed(1))
    x = rows.numpy()
    weights = [value.detach().numpy() for value in made.parameters()]
    for W, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.maximum(x @ W.T + b, 0.0)
    np.testing.assert_allclose(made(rows).detach().numpy(), x @ weights[-2].T + weights[-1], atol=1e-5)


# --- a decay, whatever the weights ------------------------------------------------------------------------------------


def decay(seed: int, scale: float, hidden: int) -> DecayNetwork:
    """Every weight random."""
    random = torch.Generator().manual_seed(seed)
    made = DecayNetwork(N_FEATURES + 1, hidden=hidden).double()
    with torch.no_grad():
        for value in made.parameters():
            value.copy_(scale * torch.randn(value.shape, generator=random, dtype=torch.float64))
    return made


def curve(made: DecayNetwork, state: np.ndarray, log_t: np.ndarray) -> np.ndarray:
    """F of A and B of one state, shape (n_t, 2)."""
    rows = np.concatenate([np.tile(state, (log_t.size, 1)), log_t[:, None]], axis=1)
    with torch.no_grad():
        return made(torch.from_numpy(rows)).numpy()


def times_of(made: DecayNetwork, state: np.ndarray) -> np.ndarray:
    """ln t of every level, shape (2, n_levels)."""
    with torch.no_grad():
        return made.level_times(torch.from_numpy(state[None]))[0].numpy()


some_network = given(
    seed=st.integers(0, 2**31), scale=st.floats(0.0, 30.0), hidden=st.sampled_from([0, 6]), place=st.floats(-3.0, 3.0)
)


@settings(max_examples=60)
@some_network
def test_every_network_gives_a_decay(seed: int, scale: float, hidden: int, place: float) -> None:
    """F lies in [0, 1], never rises, begins at 1 and ends at 0; times close to the levels' own included."""
    made, state = decay(seed, scale, hidden), place * np.random.default_rng(seed).standard_normal(N_FEATURES)
    times = times_of(made, state)
    ends = times.min() - 20.0, times[:, -1].max() + 20.0 * (1 + np.ptp(times))
    near = (times.ravel()[:, None] + np.array([-1e-6, 0.0, 1e-6])).ravel()
    log_t = np.sort(np.concatenate([np.linspace(*ends, 400), near]))
    F = curve(made, state, log_t)
    assert np.isfinite(F).all()
    assert (F >= 0).all()
    assert (F <= 1).all()
    assert np.diff(F, axis=0).max() <= 1e-9, "rounding alone"
    assert (F[0] > 1 - 1e-12).all()
    assert (F[-1] < 1e-12).all()


@settings(max_examples=60)
@some_network
def test_no_network_jumps(seed: int, scale: float, hidden: int, place: float) -> None:
    """Between times that are 10⁻⁷ apart, at every level, F falls by no more than its steepest slope allows."""
    made, state = decay(seed, scale, hidden), place * np.random.default_rng(seed).standard_normal(N_FEATURES)
    near = times_of(made, state).ravel()[:, None] + np.array([-1e-7, 0.0, 1e-7])
    F = curve(made, state, near.ravel()).reshape(-1, 3, 2)
    assert -np.diff(F, axis=1).min() <= 1e-7 * STEEPEST * 1.01 + 1e-9


@settings(max_examples=30)
@some_network
def test_F_passes_each_level_at_its_time(seed: int, scale: float, hidden: int, place: float) -> None:
    """F = exp(−exp z) there, z in single precision, and levels follow each other in time."""
    made, state = decay(seed, scale, hidden), place * np.random.default_rng(seed).standard_normal(N_FEATURES)
    times = times_of(made, state)
    assert np.diff(times, axis=1).min() > 0.99e-3
    for species in (0, 1):
        F = curve(made, state, times[species])[:, species]
        np.testing.assert_allclose(F, np.exp(-np.exp(LEVELS)), atol=1e-7)


def test_early_motion_is_ballistic() -> None:
    """1 − F ∝ t² long before the first level."""
    made, state = decay(3, 1.0, 0), np.ones(N_FEATURES)
    t = times_of(made, state).min() - np.array([4.0, 3.0])
    lost = 1 - curve(made, state, t)
    np.testing.assert_allclose(np.log(lost[1] / lost[0]), 2.0, rtol=1e-3)


def test_times_are_linear_in_the_features_where_nothing_is_hidden() -> None:
    """ln t = w·x + b, as told; a hidden layer begins as no correction at all."""
    random = np.random.default_rng(1)
    slopes = np.tile(random.standard_normal(N_FEATURES), (2, len(LEVELS), 1))
    offsets = np.cumsum(random.uniform(0.1, 1.0, (2, len(LEVELS))), axis=1)
    states = random.standard_normal((5, N_FEATURES))
    for hidden in (0, 8):
        made = DecayNetwork(N_FEATURES + 1, hidden=hidden).double()
        made.start(slopes, offsets)
        with torch.no_grad():
            times = made.level_times(torch.from_numpy(states)).numpy()
        step = 1e-3 * np.arange(len(LEVELS))
        np.testing.assert_allclose(times, np.einsum("slf,nf->nsl", slopes, states) + offsets + step, atol=1e-12)


def test_every_weight_is_reached_by_the_gradient() -> None:
    """Where levels follow each other as they do in data, none is dead; and nothing is infinite."""
    random = np.random.default_rng(2)
    made = decay(5, 0.3, 6)
    offsets = np.tile(np.linspace(-5.0, 5.0, len(LEVELS)), (2, 1))
    made.start(0.05 * random.standard_normal((2, len(LEVELS), N_FEATURES)), offsets)
    with torch.no_grad():
        dict(made.named_parameters())["correction.2.weight"].mul_(0.1)
    rows = np.concatenate([random.standard_normal((1000, N_FEATURES)), random.uniform(-6, 6, (1000, 1))], axis=1)
    made(torch.from_numpy(rows)).sum().backward()
    for name, value in made.named_parameters():
        assert value.grad is not None
        assert torch.isfinite(value.grad).all(), name
        assert (value.grad.abs().reshape(len(value), -1).sum(dim=1) > 0).all(), name


# --- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["paper", "decay"])
def test_no_row_has_no_answer(kind: str) -> None:
    """A rank that gets nothing of the last batch still takes its step."""
    found = network(kind, 5, 2)(torch.zeros(0, 5))
    assert found.shape == (0, 2)
    found.sum().backward()


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(InvalidInput, match="network is 'oracle'; allowed: paper, decay"):
        network("oracle", 5, 2)
