"""``glassdask train`` and ``predict`` on a real campaign: what is made, by whom, after which interruptions; every slip in a line."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import torch

from glassdask.datasets.netcdf import read_netcdf
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.model_folder import read_model
from tests.command_line import environment, glassdask
from tests.same_process import glassdask_here
from tests.waiting import wait_until

#: As small as a study gets; the networks are bad, and everything else is as in a large one.
SMALL = ("--members", "2", "--folds", "2", "--epochs", "2")
MODELS = {"Gaussian process", "decay network", "paper's network"}
#: Networks of all states: members of the two models.
MEMBERS = [f"{network}_all_{member}.pt" for network in ("paper", "decay") for member in (0, 1)]
BASELINES = {"mode-coupling theory", "nearest state", "interpolation in T", "ridge", "gradient boosting"}
#: Ranks add in another order; in float32 Adam makes a percent of that within a hundred steps (tests/learning/test_ddp: float64).
_ROUNDING = 0.05


@pytest.fixture(scope="module")
def trained(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny campaign with its networks; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("trained") / "copy"
    shutil.copytree(tiny_file.parent, folder)
    done = glassdask("train", folder / tiny_file.name, *SMALL, "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    (folder / "answer.json").write_text(done.stdout)
    return folder / tiny_file.name


@pytest.fixture(scope="module")
def killed(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny campaign whose training was killed before its last networks; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("killed") / "copy"
    shutil.copytree(tiny_file.parent, folder)
    file = folder / tiny_file.name
    command = [sys.executable, "-m", "glassdask", "train", str(file), *SMALL, "--quiet"]
    running = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    last_but_one = trainings_of(file) / MEMBERS[-2]
    try:
        wait_until(lambda: last_but_one.exists() or running.poll() is not None, 240)
    finally:
        running.kill()
        running.wait()
    assert last_but_one.exists(), "it ended before"
    return file


@pytest.fixture
def nearly_trained(killed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(killed.parent, tmp_path / "nearly")
    return tmp_path / "nearly" / killed.name


@pytest.fixture
def without_members(nearly_trained: Path) -> Path:
    """One that still has to train what the model is made of, the networks of all states, and none of the examinations."""
    for name in MEMBERS:
        (trainings_of(nearly_trained) / name).unlink(missing_ok=True)
    assert len(list(trainings_of(nearly_trained).glob("*.pt"))) > 20
    return nearly_trained


def learning_of(file: Path) -> Path:
    return file.parent / file.stem / "learning"


def trainings_of(file: Path) -> Path:
    return learning_of(file) / "trainings"


def structure_factor_of(file: Path, state: str = "lj_rho1.2_T1.0_r0") -> Path:
    return file.parent / file.stem / "states" / state / "observables.nc"


def networks_of(file: Path) -> dict[str, Ensemble]:
    kept = read_model(learning_of(file) / "model").ensembles
    return {name: one for name, one in kept.items() if isinstance(one, Ensemble)}


def weights_of(file: Path) -> dict[str, str]:
    """Members of both networks by name, with a hash of their weights."""
    found = {}
    for name, ensemble in networks_of(file).items():
        for number, member in enumerate(ensemble.members):
            content = b"".join(value.numpy().tobytes() for value in member.weights.values())
            found[f"{name} {number}"] = hashlib.sha256(content).hexdigest()
    return found


def all_weights(file: Path) -> torch.Tensor:
    members = [member for ensemble in networks_of(file).values() for member in ensemble.members]
    return torch.cat([value.double().flatten() for member in members for value in member.weights.values()])


# --- what is made ---------------------------------------------------------------------------------------------------


def test_every_product_and_every_baseline_is_there(trained: Path) -> None:
    answer = json.loads((trained.parent / "answer.json").read_text())
    assert {row["model"] for row in answer["scores"]} >= MODELS | BASELINES
    assert all(Path(name).is_file() for name in answer["files"])
    text = (learning_of(trained) / "learning.md").read_text()
    assert "(best baseline)" in text
    assert "within one standard error" in text
    predicted = read_netcdf(learning_of(trained) / "predictions.nc")
    assert predicted["predicted_scattering"].dims == ("potential", "T", "rho", "model", "species", "t")
    assert set(predicted["model"].values) == MODELS
    assert not (learning_of(trained) / "trainings").exists()


def test_nothing_is_trained_twice(trained: Path) -> None:
    before = (learning_of(trained) / "model" / "model.json").stat().st_mtime_ns
    again = glassdask_here("train", trained, *SMALL)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert (learning_of(trained) / "model" / "model.json").stat().st_mtime_ns == before


def test_verify_knows_the_networks(trained: Path) -> None:
    answer = json.loads(glassdask_here("verify", trained, "--json").stdout)
    checks = {check["stage"]: check["verdict"] for check in answer["products"] if check["state"] == "all"}
    assert checks["train"] == "whole"


def test_predicts_a_curve_with_its_error(trained: Path, tmp_path: Path) -> None:
    output, figure = tmp_path / "F.csv", tmp_path / "F.png"
    where = ("--model", learning_of(trained) / "model", "--structure-factor", structure_factor_of(trained))
    state = ("--temperature", "1", "--density", "1.2", "--potential", "lj")
    done = glassdask_here("predict", *where, *state, "--output", output, "--figure", figure, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    F = np.array(answer["F"]["A"])
    assert F[0] > 0.95
    assert (np.diff(F) <= 1e-9).all(), "a correlation of this network never rises"
    assert np.all(np.array(answer["error"]["A"]) > 0)
    assert figure.stat().st_size > 1000
    assert output.read_text().splitlines()[0] == "t,A,A_error,B,B_error"


# --- interruptions and ranks ------------------------------------------------------------------------------------------


def test_a_killed_study_ends_with_the_same_weights(trained: Path, nearly_trained: Path) -> None:
    again = glassdask("train", nearly_trained, *SMALL, "--quiet")
    assert again.returncode == 0, again.stderr
    assert weights_of(nearly_trained) == weights_of(trained)


@pytest.mark.parametrize("launcher", ["torchrun", "mpirun"])
def test_two_ranks_of_a_launcher_train_together(launcher: str, trained: Path, without_members: Path) -> None:
    scripts = Path(sysconfig.get_path("scripts"))
    prefix = {"torchrun": ["torchrun", "--nproc-per-node", "2"], "mpirun": ["mpirun", "-n", "2"]}[launcher]
    if launcher == "mpirun" and importlib.util.find_spec("mpi4py") is None:
        pytest.skip("mpi4py is not installed (pip install 'glassdask[mpi]')")
    module = ["-m", "glassdask"] if launcher == "torchrun" else [sys.executable, "-m", "glassdask"]
    command = [str(scripts / prefix[0]), *prefix[1:], *module, "train", str(without_members), *SMALL, "--quiet"]
    done = subprocess.run(
        command, env=environment() | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("# Learned models beside what anybody would try first") == 1, "only one rank speaks"
    ours, alone = all_weights(without_members), all_weights(trained)
    assert (ours - alone).norm() < _ROUNDING * alone.norm()


def test_two_ranks_as_dask_tasks(trained: Path, without_members: Path) -> None:
    done = glassdask("train", without_members, *SMALL, "--quiet", "--ranks", "2", timeout=500)
    assert done.returncode == 0, done.stderr
    ours, alone = all_weights(without_members), all_weights(trained)
    assert (ours - alone).norm() < _ROUNDING * alone.norm()


# --- slips ------------------------------------------------------------------------------------------------------------


def refused(*arguments: str | Path) -> str:
    done = glassdask_here(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_campaign_without_enough_states_is_refused(tiny_copy: Path) -> None:
    states = tiny_copy.parent / tiny_copy.stem / "states"
    for state in sorted(states.iterdir())[1:]:
        (state / "observables.nc").unlink()
        for record in ("reduce.json", "solve_mct.json", "fit_memory.json", "correlate.json"):
            (state / record).unlink()
    said = refused("train", tiny_copy)
    assert "1 states of this campaign can be learned from" in said
    assert not learning_of(tiny_copy).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--potential", "yukawa"), "allowed: lj, wca"),
        (
            ("--potential", "lj", "--network", "oracle"),
            "allowed: 'Gaussian process', 'decay network', \"paper's network\"",
        ),
        (("--potential", "lj", "--temperature", "-1"), "--temperature is -1; allowed: a finite number above 0"),
        (("--potential", "lj", "--output", "F.txt"), "allowed: a name ending in .nc or .csv"),
        (("--potential", "lj", "--output", "nowhere/F.nc"), "its folder does not exist"),
    ],
)
def test_predict_refuses(trained: Path, options: tuple[str, ...], said: str) -> None:
    where = ("--model", learning_of(trained) / "model", "--structure-factor", structure_factor_of(trained))
    state = ("--temperature", "1", "--density", "1.2")
    assert said in refused("predict", *where, *state, *options)


def test_predict_refuses_another_normalisation(trained: Path, tmp_path: Path) -> None:
    """Fault 31: S → 1 in place of x_a."""
    k = (np.arange(100) + 0.5) * 0.4
    rows = "\n".join(f"{value:.3f},1.0,0.0,1.0" for value in k)
    (tmp_path / "S.csv").write_text(f"k,AA,AB,BB\n{rows}\n")
    where = ("--model", learning_of(trained) / "model", "--structure-factor", tmp_path / "S.csv")
    said = refused("predict", *where, "--temperature", "1", "--density", "1.2", "--potential", "lj")
    assert "Ashcroft–Langreth" in said


def test_predict_refuses_a_foreign_model(trained: Path, tmp_path: Path) -> None:
    """Fault 33: a folder of something else, and a model with one altered byte."""
    (tmp_path / "model.json").write_text("{}")
    state = ("--temperature", "1", "--density", "1.2", "--potential", "lj")
    source = ("--structure-factor", structure_factor_of(trained), *state)
    assert "is no model of glassdask" in refused("predict", "--model", tmp_path, *source)
    shutil.copytree(learning_of(trained) / "model", tmp_path / "copy")
    member = tmp_path / "copy" / "decay-0.pt"
    content = bytearray(member.read_bytes())
    content[len(content) // 2] ^= 1
    member.write_bytes(bytes(content))
    assert "its checksum differs" in refused("predict", "--model", tmp_path / "copy", *source)


def test_ranks_are_not_started_inside_a_world(tiny_copy: Path) -> None:
    command = [sys.executable, "-m", "glassdask", "train", str(tiny_copy), "--ranks", "2"]
    world = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    done = subprocess.run(command, env=environment() | world, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "leave both out" in done.stderr
    assert os.listdir(tiny_copy.parent / tiny_copy.stem).count("learning") == 0  # noqa: PTH208
