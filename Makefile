# Entry points. `make run` and `make test` need only Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
ENV := PYTHONWARNINGS=default

.DEFAULT_GOAL := help
.PHONY: help run test test-slow demo demo-form demo-command demo-oss demo-s3 lint format chaos chaos-short batch-trials hooks doubt paused restored keys storage-trials token-trials hostile hostile-short bench witnesses schema fuzz live screens screenshots messages clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

# moto, which is the S3 server, and PostgreSQL's wheel are for development
NEEDS := $(VENV)/.$(if $(filter s3 postgres,$(STORAGE) $(DB)),dev,run)

run: $(NEEDS)  ## start the whole portal in this terminal: simulator, worker and web, with sandbox accounts (STORAGE=oss or STORAGE=s3: with a bucket; MCP=1: with the MCP server)
	@exec $(PY) -m tools.run --storage $(or $(STORAGE),local) $(if $(MCP),--mcp)

test: $(VENV)/.dev  ## run the tests on SQLite, and beside them those marked for PostgreSQL on a real PostgreSQL
	@$(PY) -m tools.test

test-slow: $(VENV)/.dev  ## run the tests that take long or start the portal's own processes, and those in a browser
	@$(PY) -m tools.test slow

demo: $(NEEDS)  ## make one video of every model through the API and check each file (ENTRY=form or ENTRY=command: through the form or the command line; SHORT=1: a few of each vendor; STORAGE=oss or s3: in a bucket; DB=postgres; WORKERS=2)
	@$(PY) -m tools.demo --entry $(or $(ENTRY),api) $(if $(SHORT),--short) --storage $(or $(STORAGE),local) --database $(or $(DB),sqlite) --workers $(or $(WORKERS),1)

# what .ci/run makes beside other trials
demo-form: ; @$(MAKE) --no-print-directory demo ENTRY=form
demo-command: ; @$(MAKE) --no-print-directory demo ENTRY=command
demo-oss: ; @$(MAKE) --no-print-directory demo STORAGE=oss DB=postgres WORKERS=2
demo-s3: ; @$(MAKE) --no-print-directory demo STORAGE=s3

lint: $(VENV)/.dev  ## check style, types, imports, templates and migrations
	@$(PY) -m tools.lint

format: $(VENV)/.dev  ## format the code
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .

chaos: $(VENV)/.dev  ## kill processes at random while many tasks run, and count what was lost or paid twice (long)
	@$(PY) -m tests.chaos

chaos-short: $(VENV)/.dev  ## run short versions of chaos, doubt, paused and restored, and the tests of tests/chaos (a few minutes)
	@$(PY) -m tests.chaos --short
	@$(PY) -m tests.chaos.doubt --short
	@$(PY) -m tests.chaos.paused --short
	@$(PY) -m tests.chaos.restored --short
	@$(PY) -m pytest tests/chaos

batch-trials: $(VENV)/.dev  ## kill whoever accepts, feeds and renders a batch, 30 times for each database, and count rows that were not bought once (long; SHORT=1: 8 kills)
	@$(PY) -m tests.chaos.batches $(if $(SHORT),--short)

hooks: $(VENV)/.dev  ## kill the worker 500 times for each database while tasks end, and count what a receiver of webhooks was not told (long; SHORT=1: 20 kills)
	@$(PY) -m tests.chaos.hooks $(if $(SHORT),--short)

doubt: $(VENV)/.dev  ## lose the answers of 3,000 paid submits in three ways, and count what was paid twice or lost (long)
	@$(PY) -m tests.chaos.doubt

paused: $(VENV)/.dev  ## pause working processes for longer than their leases, 200 times for each database, and look for late writes (long)
	@$(PY) -m tests.chaos.paused

keys: $(VENV)/.dev  ## send each of 1,000 orders twenty times at once under its Idempotency-Key, and count the tasks (SHORT=1: 50)
	@$(PY) -m tests.chaos.keys $(if $(SHORT),--short)

restored: $(VENV)/.dev  ## restore a backup after more was sent, and count what was bought twice or lost
	@$(PY) -m tests.chaos.restored

storage-trials: $(VENV)/.dev  ## take the bucket away while renders finish, kill workers while they save, and break downloads; count what was lost (long; SHORT=1: a few minutes)
	@$(PY) -m tests.storage_trials $(if $(SHORT),--short)

token-trials: $(VENV)/.dev  ## send 10,000 mutated tokens, revoke tokens under load, and let 200 callers meet a rate of 100 (SHORT=1: fewer rounds, on SQLite)
	@$(PY) -m tests.token_trials $(if $(SHORT),--short)

hostile: $(VENV)/.dev  ## let vendors misbehave at every stage of an HTTP exchange, and count what was bought twice or lost (long)
	@$(PY) -m tests.hostile

hostile-short: $(VENV)/.dev  ## the same, with every kind of misbehaviour at one vendor
	@$(PY) -m tests.hostile --short --seed 1

bench: $(VENV)/.dev  ## measure the figures of docs/performance.md
	@$(PY) -m benchmarks

witnesses: $(VENV)/.dev  ## run the SDKs and gateways that people use, unmodified, each in its own environment: vendors' own against the simulator, others against the portal
	@$(PY) -m tools.witnesses

schema: $(VENV)/.dev  ## send the API a minute of requests that Schemathesis generates from its OpenAPI document, and check the answers (LONG=1: 50,000 on each database)
	@$(PY) -m tools.schema $(if $(LONG),--long)

fuzz: $(VENV)/.dev  ## run the tests that make up their own input with forty times as many examples (long)
	@PORTAL_FUZZ=long $(PY) -m pytest -n auto $$(grep -rl "^from hypothesis" tests --include=test_*.py)

live: $(VENV)/.run  ## check the contract with real vendors, those whose keys are in the environment (docs/live.md)
	@$(PY) -m tools.live

screenshots: $(VENV)/.dev  ## update the pictures in docs/screenshots
	@$(PY) -m tools.screenshots

screens: $(VENV)/.dev  ## look at every page in two widths, two themes and two languages: pictures in var/screens, and what breaks a rule of accessibility (long; SHORT=1: one of each)
	@$(PY) -m tools.screens $(if $(SHORT),--short)

messages: $(VENV)/.dev  ## collect texts for translation and compile them (needs GNU gettext)
	@$(PY) manage.py makemessages -l zh_Hans --no-obsolete --no-wrap --add-location file --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*' && $(PY) manage.py compilemessages -l zh_Hans --ignore '.venv/*'

clean:  ## remove the virtual environment and caches, but not the data in var/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the portal needs (once, about a minute)..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what development needs (once, about two minutes)..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.run $@
