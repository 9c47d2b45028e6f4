.PHONY: help setup run train test check sweep results clean
PYTHON ?= python3
BIN := .venv/bin

help:                ; @grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10  ## show this list
setup: .venv/.ready  ## make .venv with the versions of constraints.txt
run: setup           ; $(BIN)/python train.py  ## embedded data, train, evaluate (about 10 min on 2 cores)
train: setup         ; $(BIN)/python train.py $(ARGS)  ## train with overrides: make train ARGS="model=deep patch=128"
test: setup          ; $(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=90  ## all tests with coverage, on every core
check: setup         ; $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy  ## style and types
sweep: setup         ; $(BIN)/python train.py experiment=patch_depth_lr $(ARGS)  ## patch size x depth x learning rate
results: setup       ; $(BIN)/python -m benchmarks.results $(ARGS)  ## every training behind RESULTS.md, then the page; continues when stopped
clean:               ; rm -rf .venv outputs/* .mypy_cache .ruff_cache .pytest_cache .coverage*  ## remove environment, runs and caches

.venv/.ready: pyproject.toml constraints.txt ; $(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]' && touch $@
