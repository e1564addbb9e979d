# One command each. Needs make and Python 3.11 or newer, nothing else: `make run` builds .venv from the locked
# requirements once and starts at once afterwards. PYTHON=/path/to/python chooses another interpreter.

VENV ?= .venv
N8N_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/jett-test-n8n
WORKERS ?= 3
ALL ?= $(filter true,$(CI))
BIN := $(VENV)/bin
export PYTHON VENV

.DEFAULT_GOAL := help
.PHONY: help run test test-n8n test-ray dashboard bench lint types imports lock clean

help: ## what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

run: $(VENV)/.runtime ## install what is missing, fetch the models, talk, and serve the dashboard
	@$(BIN)/jett serve --first-run

test: $(VENV)/.dev ## the tests, on real models; ALL=1 (or CI=true) adds the browser, the deployed stack, fuzzing, the sound card
	@$(BIN)/python -m pytest -m "not live$(if $(ALL),, and not stage)" $(if $(filter 1,$(WORKERS)),,--numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder)
	@$(if $(ALL),$(BIN)/python -m pytest -m live)

test-n8n: $(VENV)/.dev ## Jett and a real n8n; installs it once (2.3 GB, in the cache folder), needs PostgreSQL's server
	@PYTHON=$(BIN)/python sh tests/n8n/install.sh "$(N8N_CACHE)"
	@JETT_TEST_N8N="$(N8N_CACHE)" $(BIN)/python -m pytest tests/n8n --timeout=600

test-ray: ## ears and voice on Ray Serve, two replicas each; installs Ray once, in a folder of its own (.venv-ray)
	@VENV=.venv-ray $(MAKE) --no-print-directory .venv-ray/.dev
	@.venv-ray/bin/python -m pip install --quiet --require-hashes -r requirements/ray.txt
	@JETT_TEST_RAY=1 .venv-ray/bin/python -m pytest tests/ray --timeout=600 -W ignore

dashboard: ## check the dashboard and build it; fails where the committed pages are another build. Needs Node 20
	@cd dashboard && npm ci --silent --no-audit --no-fund && npm run --silent check
	@find dashboard/out src/jett/server/pages -type d -empty -delete
	@diff -rq dashboard/out src/jett/server/pages || { echo "dashboard: run npm run ship in dashboard/, and commit" >&2; exit 1; }

bench: $(VENV)/.dev ## the benchmarks, quick form, each with a table
	@$(BIN)/jett models pull
	@for part in latency asleep stt llm tts vram commands history sessions websockets; do $(BIN)/jett bench $$part --quick || exit 1; done

lint: $(VENV)/.dev ## style, formatting, and the page of licences
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/python tools/licences.py --check

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.dev ## rooms import one way only
	@$(BIN)/lint-imports --no-cache

lock: ## pin the newest dependencies with their hashes; needs uv
	@sh tools/lock.sh

clean: ## remove what make built; models and settings stay
	rm -rf $(VENV) .venv-ray build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime: requirements/pip.txt requirements/runtime.txt pyproject.toml
	@sh tools/install.sh runtime

$(VENV)/.dev: requirements/pip.txt requirements/dev.txt pyproject.toml
	@sh tools/install.sh dev
