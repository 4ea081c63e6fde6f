# Two commands do all the set-up on a fresh machine with Python 3.11 or later:
#   make demo   real molecular dynamics from a campaign file to one dataset, figures and a table (minutes, 2 cores)
#   make test   the whole test suite
# make quick runs the tests that catch most mistakes in a minute (tests/quick_lane.py),
# make wheel builds dist/glassdask-….whl, make docs the pages and the reference into docs/_build/html.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# One more than there are cores: many tests wait for a batch system.
PYTEST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

# The loops and the engine are built with the package, and again when their source has changed.
LOOPS := $(wildcard glassdask/physics/compiled/*.cpp glassdask/physics/compiled/*.h glassdask/physics/compiled/CMakeLists.txt \
  glassdask/simulation/engines/native/*.cpp glassdask/simulation/engines/native/*.h)

# Tests and campaigns start hundreds of short processes: without compiled files each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick docs wheel lint bench bench-gpu clean

demo: $(VENV)/.ready-demo
	$(BIN)/glassdask init quickstart > demo-campaign.toml
	$(BIN)/glassdask run demo-campaign.toml
	@printf '%s\n' '' 'What next:' \
	  '  $(BIN)/glassdask report demo-campaign.toml      # all of it on one page, with the data of every figure' \
	  '  $(BIN)/glassdask show demo-campaign.toml lj T1  # one state in the terminal' \
	  '  . $(BIN)/activate                               # from here on, in this shell, "glassdask" is enough:' \
	  '  glassdask init > campaign.toml                  # a campaign of your own: edit it, then' \
	  '  glassdask run campaign.toml'

test: $(VENV)/.ready-test
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

quick: $(VENV)/.ready-test
	$(BIN)/python -m pytest --quick -n $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')

docs: $(VENV)/.ready-docs
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_build/html

wheel: | $(BIN)/python
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@echo "Install it with: pip install '$$(ls -t dist/glassdask-*.whl | head -n 1)[md]'"

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.ready-test
	$(BIN)/python benchmarks/structure_factor.py
	$(BIN)/python benchmarks/intermediate_scattering.py
	$(BIN)/python benchmarks/collective_scattering.py
	$(BIN)/python benchmarks/molecular_dynamics.py
	$(BIN)/python benchmarks/mode_coupling.py
	$(BIN)/python benchmarks/memory_fit.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/floors.py
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/campaign_scale.py
	PYTHONPATH=. $(BIN)/python benchmarks/lost_jobs.py
	PYTHONPATH=. $(BIN)/python benchmarks/large_dashboard.py

bench-gpu: $(VENV)/.ready-test
	$(PIP) install --quiet --constraint constraints.txt --editable '.[gpu]'
	$(BIN)/python benchmarks/gpu.py --output benchmarks/results/gpu.md

clean:
	rm -rf demo-campaign demo-campaign.toml docs/_build docs/api/generated docs/life_of_a_state.svg docs/figures .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "glassdask needs Python 3.11 or later: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip

# What is installed for more than another command needs is installed for that one, too.
$(VENV)/.ready-demo: pyproject.toml constraints.txt $(LOOPS) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[md]'
	@touch $@

$(VENV)/.ready-test: pyproject.toml constraints.txt $(LOOPS) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[md,gamdpy,ml,cluster,mpi,trajectories,export,pdf]' --group test
	@touch $(addprefix $(VENV)/.ready-,demo docs) $@

$(VENV)/.ready-docs: pyproject.toml constraints.txt $(LOOPS) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[md,gamdpy,ml,cluster,mpi,trajectories,export,pdf]' --group docs
	@touch $(VENV)/.ready-demo $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt $(LOOPS) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[md,gamdpy,ml,cluster,mpi,trajectories,export,pdf]' --group dev
	@touch $(addprefix $(VENV)/.ready-,demo docs test) $@
