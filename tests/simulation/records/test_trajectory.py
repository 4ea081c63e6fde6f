"""Trajectories: what is written is read back, by us and by GSD's own reader."""

from __future__ import annotations

import gsd.hoomd
import numpy as np
import pytest

from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.records.trajectory import (
    Constants,
    DamagedTrajectory,
    FrameBuffer,
    Segment,
    Trajectory,
    join_segments,
)
from tests.simulation.liquids import THREE_SPECIES, UNEQUAL_MASSES

BOX = 9.9


def particles_at(step: int, n: int = 50) -> Particles:
    random = np.random.default_rng(step)
    positions = random.uniform(-0.5 * BOX, 0.5 * BOX, (n, 3))
    images = random.integers(-3, 3, (n, 3))
    species = (np.arange(n) >= 40).astype(np.int64)
    return Particles(positions, np.zeros((n, 3)), images, species, BOX, step)


def written(buffer: FrameBuffer, *steps: int, liquid: Liquid | str = "lj") -> Segment:
    """A segment of frames at these steps."""
    for step in steps:
        particles = particles_at(step)
        constants = Constants(particles.species, particles.box_length, as_liquid(liquid))
        buffer.add(step, particles.positions.astype(np.float32), particles.images.astype(np.int32), constants)
    segment = buffer.write_segment()
    assert segment is not None
    return segment


@pytest.fixture
def joined(tmp_path):
    """A trajectory of the steps 0, 1, 2, 5, 9, written in segments of two, two and one."""
    buffer = FrameBuffer(tmp_path)
    segments = [written(buffer, *steps) for steps in ((0, 1), (2, 5), (9,))]
    assert buffer.write_segment() is None
    join_segments(tmp_path, segments, tmp_path / "trajectory.gsd")
    return tmp_path / "trajectory.gsd"


def test_frames_come_back_with_their_steps_and_unwrapped_positions(joined):
    with Trajectory(joined) as trajectory:
        assert trajectory.steps.tolist() == [0, 1, 2, 5, 9]
        assert trajectory.box_length == BOX  # exactly, though GSD's box is float32
        assert trajectory.species.tolist() == 40 * [0] + 10 * [1]
        for frame in trajectory:
            original = particles_at(frame.step)
            # float32: 2^-24 of 5
            np.testing.assert_allclose(frame.positions, original.positions, rtol=0, atol=3e-7)
            np.testing.assert_allclose(frame.unwrapped, original.unwrapped, rtol=0, atol=3e-7)
        assert frame.step == 9
        with pytest.raises(IndexError):
            trajectory[5]


def test_others_may_read_it_where_they_may_read_the_rest(tmp_path):
    """The umask says who may, as for every other file; GSD's own choice is 0640."""
    (tmp_path / "plain").touch()
    join_segments(tmp_path, [written(FrameBuffer(tmp_path), 0, 1)], tmp_path / "trajectory.gsd")
    assert (tmp_path / "trajectory.gsd").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_other_programs_read_it(joined):
    with gsd.hoomd.open(str(joined), "r") as stored:
        assert len(stored) == 5
        frame = stored[3]
        original = particles_at(5)
        assert frame.configuration.step == 5
        assert frame.particles.N == 50
        assert frame.particles.types == ["A", "B"]
        np.testing.assert_array_equal(frame.particles.typeid, original.species)
        np.testing.assert_array_equal(frame.particles.image, original.images)
        np.testing.assert_allclose(frame.configuration.box, [BOX, BOX, BOX, 0, 0, 0], rtol=1e-7)


@pytest.mark.parametrize("liquid", [THREE_SPECIES, UNEQUAL_MASSES], ids=lambda liquid: liquid.name)
def test_types_are_the_liquid_s_species_and_masses_are_there_where_they_differ(tmp_path, liquid):
    """Also of a species that no particle of a small box has."""
    join_segments(tmp_path, [written(FrameBuffer(tmp_path), 0, 1, liquid=liquid)], tmp_path / "trajectory.gsd")
    with gsd.hoomd.open(str(tmp_path / "trajectory.gsd"), "r") as stored:
        for frame in stored:
            assert frame.particles.types == list(liquid.species)
            expected = np.array(list(liquid.masses.values()), np.float32)[particles_at(0).species]
            np.testing.assert_array_equal(frame.particles.mass, expected)
        assert stored.file.chunk_exists(frame=0, name="particles/mass") == (liquid is UNEQUAL_MASSES)
        assert not stored.file.chunk_exists(frame=1, name="particles/mass")


def test_a_trajectory_of_another_program_is_read(tmp_path):
    frame = gsd.hoomd.Frame()
    frame.configuration.box = [8, 8, 8, 0, 0, 0]
    frame.particles.N = 3
    frame.particles.types = ["A", "B"]
    frame.particles.typeid = [0, 1, 0]
    frame.particles.position = np.eye(3)
    with gsd.hoomd.open(str(tmp_path / "other.gsd"), "w") as stored:
        stored.append(frame)
        frame.configuration.step = 7
        stored.append(frame)
    with Trajectory(tmp_path / "other.gsd") as trajectory:
        assert trajectory.steps.tolist() == [0, 7]
        np.testing.assert_array_equal(trajectory[1].unwrapped, np.eye(3))


def test_frames_out_of_order_are_not_joined(tmp_path):
    segments = [written(FrameBuffer(tmp_path), step) for step in (5, 3)]
    with pytest.raises(DamagedTrajectory, match="step 3 after step 5"):
        join_segments(tmp_path, segments, tmp_path / "trajectory.gsd")
    assert not (tmp_path / "trajectory.gsd").exists()


@pytest.mark.parametrize("keep", [0, 100, 300])
def test_an_empty_or_truncated_file_is_damaged(joined, keep):
    joined.write_bytes(joined.read_bytes()[:keep])
    with pytest.raises(DamagedTrajectory, match="made again"):
        Trajectory(joined)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Trajectory(tmp_path / "nothing.gsd")
