# Every target does its own set-up: git, make and Python 3.11 to 3.13 are enough.
PYTHON ?= $(firstword $(foreach v,python3 python3.13 python3.12 python3.11,$(shell $(v) -c '$(FITS)' 2>/dev/null && echo $(v))))
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
BIN := .venv/bin
SHELL := /bin/bash
export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
SQL_MODELS := dbt_project/models dbt_project/tests dbt_project/macros orchestration/forms/relations

.PHONY: help nightly dev test test-services snapshot lint format docs lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(FITS)' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing what is missing into .venv …"
	@$(PYTHON) -m venv .venv
	@uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@PATH="$$PATH:$(CURDIR)/$(BIN)"; export VIRTUAL_ENV="$(CURDIR)/.venv"; \
	  uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock && \
	  uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

nightly: .venv/installed ## the whole night: sources, gates, models, one release
	@$(BIN)/lienthong nightly

dev: .venv/installed ## Dagster's pages on localhost
	@$(BIN)/lienthong dev

test: .venv/installed ## every test that needs no other service
	@$(BIN)/pytest tests/unit tests/integration

test-services: .venv/installed ## tests against MariaDB and PostgreSQL on localhost
	@$(BIN)/pytest -rs tests/services

snapshot: .venv/installed ## write tests/integration/assets.json again, after a new source, model or mart
	@UPDATE_SNAPSHOT=1 $(BIN)/pytest -n 0 tests/integration/test_definitions.py -k snapshot

lint: .venv/installed ## format, lint, types, SQL, import rules, contract drift
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m sources.dbt_sources --check
	@$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 $(SQL_MODELS)

format: .venv/installed ## rewrite what the formatter would
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

lock: .venv/installed ## resolve requirements.lock again
	@PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --group dev --group bench pyproject.toml --output-file requirements.lock

bench-%: .venv/installed ## the figures of an issue: make bench-night
	@$(BIN)/python -m benchmarks.$*

docs: .venv/installed ## the static documentation site
	@$(BIN)/lienthong docs

clean: ## stop the embedded server and remove what was built
	@test ! -x $(BIN)/lienthong || $(BIN)/lienthong server stop || true
	@rm -rf var .venv
