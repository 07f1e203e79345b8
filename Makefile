# make demo   set up, then run the whole job on two clips of people who do not exist
# make test   set up, then run all tests
# make setup  only set up (into the folder .venv)
# make check  style and types
# make docs   make the generated pages of docs/ anew
# make clean  remove the demo's results and caches (not .venv, not your projects)

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := --constraint requirements.lock
TORCH := $(shell sed -n 's/^torch==//p' requirements.lock)

.PHONY: demo test setup check docs clean
.DEFAULT_GOAL := setup

demo: setup
	@$(BIN)/python -m understudy.demo

# Each worker runs its own networks: one thread each is quickest where tests share the processor.
test: setup $(VENV)/.dev-installed
	@command -v chromium chromium-browser google-chrome >/dev/null || [ -n "$$CHROMIUM" ] \
	  || echo "No Chromium was found, so the browser tests are skipped. To get one: sudo apt install chromium (or set CHROMIUM to one)."
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

setup: $(VENV)/.installed
	@$(BIN)/understudy setup

check: setup $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

docs: setup
	$(BIN)/python -m understudy.reference docs

clean:
	rm -rf demo build dist .pytest_cache .ruff_cache .hypothesis src/*.egg-info
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python was not found. Install Python 3.11, then type the same again."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "Python 3.11 is needed, but $(PYTHON) is $$("$(PYTHON)" --version 2>&1)."; \
	  echo "Install Python 3.11, or say where it is: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { \
	  echo "The virtual environment could not be made. On Debian and Ubuntu, first type: sudo apt install python3.11-venv"; exit 1; }

# On Linux the public package index serves torch for graphics cards: gigabytes that are of no use here. So the build for the processor is
# asked for by name, first from whatever pip is set to, then from the PyTorch project's own index, which is used for this one package only.
$(VENV)/.installed: pyproject.toml requirements.lock Makefile | $(BIN)/python
	@echo "Setting up in $(VENV): about 470 MB are downloaded once, which takes some minutes."
	@$(PIP) install --quiet $(LOCK) setuptools
	@if [ "$$(uname -s)" = Linux ] && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
	  $(PIP) install --quiet --no-deps "torch==$(TORCH)+cpu" 2>/dev/null \
	  || $(PIP) install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu "torch==$(TORCH)+cpu" 2>/dev/null \
	  || echo "The small build of torch cannot be had here; the large one is taken (several GB)."; fi
	@$(PIP) install --quiet $(LOCK) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed
	@$(PIP) install --quiet $(LOCK) --no-build-isolation --editable '.[dev]'
	@touch $@
