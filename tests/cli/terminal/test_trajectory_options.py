"""What is said of a trajectory on the command line is what its reader is told."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from glassdask.cli.terminal.trajectory_options import trajectory_options, trajectory_options_of
from glassdask.datasets.trajectories.options import TrajectoryOptions

CASES = {
    "--types 1=A,2=B --time-step 0.002": TrajectoryOptions(types={"1": "A", "2": "B"}, time_step=0.002),
    "--types A:800,B:200 --box 10,11,12": TrajectoryOptions(counts={"A": 800, "B": 200}, box=(10.0, 11.0, 12.0)),
    "--unwrapped --first 3 --last -2 --stride 5": TrajectoryOptions(is_unwrapped=True, first=3, last=-2, stride=5),
    "--wrapped --format lammps-binary --columns 'id type x y z'": TrajectoryOptions(
        is_unwrapped=False, format="lammps-binary", columns="id type x y z"
    ),
    "--mass A=1,B=2 --length-unit 3.4 --dimension 2": TrajectoryOptions(
        masses={"A": 1.0, "B": 2.0}, length_unit=3.4, dimension=2
    ),
    "": TrajectoryOptions(),
}


@pytest.mark.parametrize(("line", "expected"), CASES.items(), ids=CASES)
def test_options_of_the_command_line(line: str, expected: TrajectoryOptions) -> None:
    found = []

    @click.command
    @trajectory_options
    def verb(**options: object) -> None:
        found.append(trajectory_options_of(options))
        assert not options

    outcome = CliRunner().invoke(verb, line, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    assert found == [expected]
