# Everything runs in .venv, made from the hashes of requirements.lock; it needs Python >= 3.11 and nothing else.
# Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
READY := $(VENV)/.ready

.PHONY: help demo test lint check soak bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    run the sample strategy on the built-in demo exchange"
	@echo "make test    run the tests"
	@echo "make check   format, lint, types, floors and tests: what CI runs"
	@echo "make soak    every case of every crash campaign: hours"
	@echo "make bench   measure the speed"
	@echo "make lock    choose versions anew and write requirements.lock"
	@echo "make clean   remove .venv and caches"

demo: $(READY)
	$(BIN)/btk backtest

test: $(READY)
	$(BIN)/python -m pytest -n auto --maxprocesses 6 --dist worksteal

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

soak: $(READY)
	$(BIN)/python -m pytest -m soak

bench: $(READY)
	$(BIN)/python tests/bench/run.py

lock: | $(BIN)/pip
	$(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	    --generate-hashes --quiet --upgrade --custom-compile-command "make lock" --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info

# Of pip only its own process is trusted: every file it takes must have the hash that was locked.
$(READY): requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing the locked packages into $(VENV) (once, about a minute) ..."
	@$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    found=$$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 || echo not there); \
	    echo "btk needs Python 3.11 or newer; '$(PYTHON)' is $$found."; \
	    echo "Name a newer one: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
