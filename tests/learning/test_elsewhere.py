"""Training, prediction and their files on a machine whose networks live on a GPU: every way back is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.model_folder import Model, read_model, training_range, write_model
from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.study import CHECKPOINT, Training, load_trained, run_study
from tests.learning.elsewhere import DEVICE, Elsewhere, tensors_live_elsewhere
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(8, n_times=10, n_wavenumbers=20, noise=0.01)
ROWS = tuple(range(8))
SMALL = Recipe("small", options={"layers": (8,)}, epochs=4, batch_size=40, validation=0.2, lasso=1e-3)
TRAININGS = [
    Training("paper", ROWS, SMALL, 1),
    Training("decay", ROWS, replace(decay_candidates()[-1], epochs=4), 2),
]


def test_the_stand_in_refuses_what_a_device_refuses() -> None:
    with tensors_live_elsewhere():
        there = torch.zeros(3, device=DEVICE)
        assert isinstance(there, Elsewhere)
        assert there.device == DEVICE
        for wrong in (lambda: there.numpy(), lambda: np.asarray(there), lambda: there + torch.ones(3)):
            with pytest.raises((RuntimeError, TypeError)):
                wrong()
        assert (there + 1).device == DEVICE
        assert float((there + 1).sum()) == 3.0
        assert (there + 1).cpu().numpy().tolist() == [1.0, 1.0, 1.0]
        assert torch.ones(3).to(DEVICE).device == DEVICE


def test_a_file_comes_back_where_it_is_asked_for(tmp_path: Path) -> None:
    torch.save({"x": torch.ones(2)}, tmp_path / "x.pt")
    with tensors_live_elsewhere():
        assert isinstance(torch.load(tmp_path / "x.pt", map_location=DEVICE)["x"], Elsewhere)
        assert not isinstance(torch.load(tmp_path / "x.pt", map_location="cpu")["x"], Elsewhere)


@pytest.mark.parametrize("training", TRAININGS, ids=lambda training: training.name)
def test_what_is_trained_there_is_stopped_resumed_kept_and_predicts(training: Training, tmp_path: Path) -> None:
    """To the weights of the processor, whose arithmetic the stand-in has, and the files can be read without a device."""
    alone, there = tmp_path / "alone", tmp_path / "there"
    for folder in (alone, there):
        folder.mkdir()
    assert run_study(SAMPLES, [training], alone)
    with tensors_live_elsewhere():
        stops = iter([False, True])
        assert not run_study(SAMPLES, [training], there, should_stop=lambda: next(stops))
        assert (there / CHECKPOINT).exists()
        epochs: list[int] = []
        assert run_study(SAMPLES, [training], there, lambda _, progress: epochs.append(progress.epoch))
        assert epochs == [3, 4], "it went on from its checkpoint"
        assert run_study(SAMPLES, [training], there), "a whole file is read, not made again"
        found = load_trained(there / f"{training.name}.pt")
        assert found is not None
        model = Model({"best": Ensemble([found])}, training_range(SAMPLES))
        write_model(tmp_path / "model", model)
        F, _ = read_model(tmp_path / "model").ensembles["best"].curves(SAMPLES)
    expected = load_trained(alone / f"{training.name}.pt")
    assert expected is not None
    for name, value in expected.weights.items():
        torch.testing.assert_close(found.weights[name], value, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(F, Ensemble([expected]).curves(SAMPLES)[0], atol=1e-5)
