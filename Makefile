# One command each; every one sets itself up first. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
ARGS ?=
PYTEST_ARGS ?=
# The Python that makes the environment: yours if you name one, else the first that is 3.11 or newer.
PYTHON ?=

.PHONY: help setup run test check bench format clean FORCE

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

run: $(READY) ## open the window, or do the main job without one (ARGS="fill-mask 'Paris is in [MASK].'")
	@exec $(PY) -m attnviz $(ARGS)

test: check ## format, lint, types, import contracts and every test (PYTEST_ARGS="-k masking")
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest $(PYTEST_ARGS)

check: $(READY) ## format, lint, types and import contracts
	@$(PY) -m ruff format --check
	@$(PY) -m ruff check
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command as check; check()'

bench: $(READY) ## measure against the bare libraries and print the table of the README
	@QT_QPA_PLATFORM=$${QT_QPA_PLATFORM:-offscreen} $(PY) -m benchmarks $(ARGS)

format: $(READY) ## put the code in the house's shape
	@$(PY) -m ruff check --fix-only --quiet
	@$(PY) -m ruff format

setup: $(READY) ## only what the others do first: environment, locked packages, system libraries

clean: ## remove the environment and every cache
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so that whatever was interrupted is done again. It holds the place of the checkout: when that
# was moved, or when the environment's Python is gone, the set-up is done again too.
ifneq ($(shell test -x $(PY) && cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif

$(READY): requirements.lock pyproject.toml attnviz/system.py
	@rm -f $(READY)
	@$(PY) -m pip --version >/dev/null 2>&1 || { $(find_python); echo "making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV); }
	@echo "installing the locked packages (minutes the first time, seconds after)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(PY) -P attnviz/system.py --install
	@echo '$(CURDIR)' > $(READY)

# Sets $$python, or ends with one sentence. Each candidate is run: a name on the path may stand for nothing.
define find_python
python=; for name in $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14 python); do \
  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python="$$name"; break; fi; done; \
[ -n "$$python" ] || { echo "attnviz needs Python 3.11 or newer, $(if $(PYTHON),$(PYTHON) is not,there is none on the path); on Debian: sudo apt-get install python3 python3-venv" >&2; exit 2; }; \
"$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { echo "$$python cannot make an environment, its venv module is missing; on Debian: sudo apt-get install python3-venv" >&2; exit 2; }
endef
