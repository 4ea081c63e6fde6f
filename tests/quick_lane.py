"""The tests of ``make quick``: what catches most mistakes in a minute, for whoever works on the code.

Chosen by what they cost (no molecular dynamics longer than a second, no batch system, no browser, no other costly fixture) and
by which of the broken lines of benchmarks/results/mutations.md they see; tests/test_quick_lane.py counts those. What is not
named here and lies in one of the folders is in the lane.
"""

from __future__ import annotations

from collections.abc import Collection

#: Where tests are taken from; the examples in the docstrings of the package are in the lane, too.
FOLDERS = ("campaign", "datasets", "fits", "learning", "physics", "simulation", "stages")
#: Files beside the folders.
FILES = (
    "test_arrays.py",
    "test_atomic_write.py",
    "test_environment.py",
    "test_errors.py",
    "test_layers.py",
    "test_release.py",
    "test_strict_cupy.py",
)
#: Files of these folders that simulate, train for seconds, start processes or draw.
LEFT_OUT_FILES = (
    "campaign/report/test_report.py",
    "datasets/trajectories/test_files_of_lammps.py",
    "learning/training/test_ddp.py",
    "learning/judgement/test_examination.py",
    "learning/training/test_rank.py",
    "learning/training/test_process_group.py",
    "simulation/engines/test_engines.py",
    "simulation/run/test_molecular_dynamics.py",
    "simulation/run/test_simulation_faults.py",
    "simulation/records/test_structure_recorder.py",
    "stages/report/test_figure_data.py",
    "stages/fit_memory/test_fit_memory.py",
    "stages/reduce/test_in_situ.py",
    "stages/test_known_answers.py",
    "stages/train/test_predict_scattering.py",
    "stages/reduce/test_reduce.py",
    "stages/solve_mct/test_solve_mct.py",
)
#: Single tests that take more than half a second.
LEFT_OUT = {
    "datasets/tables/test_damaged_tables.py": (
        "test_no_traceback_and_nothing_changed_in_silence",
        "test_a_file_cut_off_anywhere_in_its_last_line_is_refused_or_said",
    ),
    "campaign/work/test_plan.py": ("test_a_pilot_measures_this_machine_and_writes_nothing",),
    "fits/search/test_checkpoint.py": ("test_a_killed_fit_goes_on_where_it_was",),
    "fits/refinement/test_memory_fit.py": (
        "test_BIC_finds_two_modes_in_twenty_noisy_data_sets_of_twenty",
        "test_mode_coupling_near_its_critical_point_is_no_sum_of_two_modes",
        "test_two_modes_are_found_again_by_ten_searches_of_ten",
    ),
    "fits/test_paper_method.py": (
        "test_with_pycmas_check_of_the_step_it_stops_early",
        "test_without_the_check_it_arrives_at_several_times_the_cost",
    ),
    "fits/search/test_pycma.py": (
        "test_a_fit_loads_nothing_to_draw_with_and_nothing_is_missing_afterwards",
        "test_where_other_threads_run_it_is_a_plain_import",
    ),
    "physics/mode_coupling/test_critical_temperature.py": ("test_measured_temperatures_count_not_the_nominal_ones",),
    "physics/motion/test_intermediate_scattering.py": ("test_dynasor_kernel_and_lattice_average_agree",),
    "physics/memory/test_memory_candidates.py": ("test_error_of_the_accurate_solution_is_a_millionth",),
    "physics/structure/test_structure_factor.py": ("test_dynasor_finds_the_same_on_the_same_lattice",),
    "simulation/particles/test_time_step.py": (
        "test_the_energy_stays_within_the_tolerance_at_the_rule_s_step",
        "test_at_n_1200_the_energy_moves_less_than_the_tolerance",
    ),
}
#: What the lane has of the files left out: it sees lines that no other test sees.
TAKEN = {
    "simulation/engines/test_engines.py": (
        "test_energy_forces_and_pressure_are_those_of_the_double_loop",
        "test_the_pair_energy_goes_to_zero_continuously_at_its_own_cutoff",
    )
}


def may_hold_quick_tests(path: str) -> bool:
    """Whether a test file, by its path below tests/, has to be looked at."""
    return path in FILES or (path.split("/")[0] in FOLDERS and (path not in LEFT_OUT_FILES or path in TAKEN))


def is_quick(
    path: str, function: str, marks: Collection[str], fixtures: Collection[str], costly: Collection[str]
) -> bool:
    """Whether a test is in the lane.

    Parameters
    ----------
    path, function
        Its file below tests/, and its name without parameters.
    marks, fixtures
        Of the test.
    costly
        Marks and fixtures that take seconds.
    """
    if not may_hold_quick_tests(path) or {*marks, *fixtures} & set(costly):
        return False
    return function in TAKEN[path] if path in LEFT_OUT_FILES else function not in LEFT_OUT.get(path, ())
