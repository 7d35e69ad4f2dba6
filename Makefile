# `make demo` and `make test` need only Python 3.11 or newer: they make .venv and install everything else in it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs system schema layers clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

demo: .venv/installed ## Check the sample parcels and draw the maps of the bundled plan
	$(BIN)/qy-gis demo

test: lint system ## Run every check and test
	$(BIN)/pytest

lint: .venv/installed-dev ## Run the checks that need no test: style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: benchmarks/.venv/installed ## Hold the engine against its peers (in an environment of their own)
	benchmarks/.venv/bin/python -m benchmarks.run
	benchmarks/.venv/bin/python -m benchmarks.growth
	benchmarks/.venv/bin/python -m benchmarks.real
	benchmarks/.venv/bin/python -m benchmarks.one_parcel

docs: .venv/installed-dev system ## Take the pictures of the README anew
	$(BIN)/python docs/make_images.py

schema: .venv/installed ## Write layers/layer.schema.json anew from the models
	$(BIN)/python -c "from qy_gis.plan.validate import layer_schema as s; open('layers/layer.schema.json', 'w', encoding='utf-8').write(s())"

layers: .venv/installed ## Build the bundled layers and the examples anew from their sources
	$(BIN)/python layers/build.py
	$(BIN)/python examples/build_samples.py

clean: ## Remove what was built or installed here
	rm -rf .venv dist build maps/html .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; give one with: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable '.[dev]'
	@touch $@

benchmarks/.venv/installed: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/pip install --quiet --disable-pip-version-check --editable . --requirement benchmarks/requirements.txt
	@touch $@

# Pages are tested in a real browser, with a font that has Chinese; databases on a real server.
SYSTEM := chromium fontconfig fonts-noto-cjk postgresql postgresql-postgis
system:
	@if command -v chromium >/dev/null && fc-list :lang=zh | grep -q . \
	  && ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(SYSTEM) >/dev/null; \
	else echo "The tests need a browser and PostGIS: sudo apt-get install $(SYSTEM)"; exit 1; fi
