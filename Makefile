# Everything runs in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# Three on two cores: a fifth of the time of the tests is waiting for leases, timers and pages.
JOBS ?= 3

.PHONY: demo test setup check bench gallery long clean

demo: setup
	$(BIN)/junmai demo --out demo-shoot
	@echo "(here: $(BIN)/junmai; installed as the README says, it is just junmai)"

test: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Junmai needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: on Debian and Ubuntu, 'apt install python3-venv'."; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m 'not slow' -q -n $(JOBS) --dist loadfile

# The long versions: more kills, more photos, 20,000 steps against the model; the seeds are printed.
long: setup-dev
	JUNMAI_TEST_LONG=1 JUNMAI_TEST_CLUSTER_KILLS=40 JUNMAI_TEST_KILLS=120 JUNMAI_TEST_STEPS=20000 JUNMAI_TEST_SEED=0 $(BIN)/python -m pytest -s tests/crash tests/control/test_model.py
	JUNMAI_TEST_IDS=2000000 $(BIN)/python -m pytest -s tests/control/test_rebuild.py
	JUNMAI_TEST_REQUESTS=5000 $(BIN)/python -m pytest -s tests/api/test_openapi.py

# With what it is compared to: Celery and a broker. About half an hour on two cores; nothing else should run.
bench: setup-dev
	$(BIN)/python bench/run.py
	$(BIN)/python bench/control.py

# Every develop setting at both ends of its range on one real photo; to be looked at.
gallery: setup
	$(BIN)/python bench/gallery.py

clean:
	rm -rf $(VENV) demo-shoot .pytest_cache .mypy_cache .ruff_cache
