# make demo      a running server with real training runs to look at
# make test      the whole suite, with everything it needs
# make test-flavors   the tests of PyTorch, TensorFlow, Spark, XGBoost …, each family in an environment of its own
# make test-scale   the job that the pages are for, in Chromium among 100,000 runs
# make check     formatter, linter, types, import rules, size limits
# make fix       what the formatter and linter can mend by themselves
# make docs      the reference pages, written from the code
# make serve     the server on this checkout, for development

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?=
# two processes more than there are processors: many tests wait for servers, browsers and clocks
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 2 )))
PYTEST ?= --workers $(WORKERS)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-flavors test-scale check fix docs serve clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.demo
	$(BIN)/runyard demo $(DEMO)

# environments wait for packages, mostly: tests are collected meanwhile, and begin when these are made
test: $(VENV)/.dev
	.ci/prepare
	$(BIN)/python -m tests.support.environments & .ci/in-memory $(BIN)/python -m pytest $(PYTEST)

test-flavors: $(VENV)/.dev
	$(BIN)/python -m tests.support.families $(FAMILIES)

test-scale: $(VENV)/.dev
	.ci/prepare
	RUNYARD_TEST_SCALE=1 $(BIN)/python -m pytest tests/browser/scale

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/architecture/limits.py
	$(BIN)/python tests/architecture/floors.py
	$(BIN)/hadolint Dockerfile

fix: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev
	$(BIN)/python -m tests.docs.rest_examples
	$(BIN)/python tests/docs/reference.py
	$(BIN)/python tests/docs/railroad.py

serve: $(VENV)/.demo
	$(BIN)/runyard server

clean:
	rm -rf $(VENV) .venvs build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Runyard needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[ml,projects,system]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m tests.support.uv pip install --python $(BIN)/python -e '.[dev]'
	@touch $@ $(VENV)/.demo
