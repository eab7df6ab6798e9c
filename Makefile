# Everything runs in .venv; the only thing needed beforehand is Python 3.11 to 3.13.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo test test-slow fuzz check format clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed  ## create .venv and install patron with its test packages

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else "patron needs Python 3.11 to 3.13; %s is %d.%d. Try: make PYTHON=python3.11 install" % (sys.executable, v[0], v[1]))'
	@echo "Creating .venv and installing the packages: two minutes or so, without a word."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install  ## the whole job on the CDNOW orders: check, train, score, report
	$(BIN)/patron demo

check: install  ## style, types, architecture
	$(BIN)/ruff format --check --quiet src tests notebooks benchmarks examples
	$(BIN)/ruff check --quiet src tests notebooks benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# a file stays in one process (tests/conftest.py), so that what its tests share is made once
test: check  ## check, then all fast tests
	$(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow"

test-slow: install  ## the long checks: the figures of the README on real order logs
	$(BIN)/pytest -m slow

fuzz: install  ## 10,000 spoilt model folders and requests: each refused in a sentence or scored (40 minutes)
	$(BIN)/python tests/fuzz/fuzz_folders.py 10000
	$(BIN)/pytest -m slow tests/fuzz/test_fuzz_requests.py

format: install  ## format and mend what can be mended
	$(BIN)/ruff format src tests notebooks benchmarks examples
	$(BIN)/ruff check --fix src tests notebooks benchmarks examples

clean:  ## remove the environment and everything the demo made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache patron-demo patron-desk
