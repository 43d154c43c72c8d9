# Every target prepares what it needs first; nothing but Python 3.11 or newer and make is expected.
SHELL := /bin/sh
PYTHON := .venv/bin/python
LOCAL := $(PYTHON) -m portal.local
# Tests and checks start the servers they need and stop those they started.
WITH_SERVERS := $(LOCAL) with --
PYTEST := $(PYTHON) -m pytest
TESTS := tests

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo run stop check fix test test-long test-services bench \
	screenshots audit clean

help: ## Show this list
	@echo "make demo shows the product; make test tries it."
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-14s %s\n' "$$name" "$$text"; done

setup: ## Make .venv, fetch front-end files, compile translations
	@bin/setup

setup-dev:
	@bin/setup dev

demo: setup ## Start everything with companies to look at; Ctrl-C stops
	@exec $(LOCAL) demo

run: setup ## Start everything without demo data; Ctrl-C stops
	@exec $(LOCAL) up

stop: ## Stop what runs in the background of this checkout
	@[ ! -x $(PYTHON) ] || $(LOCAL) stop

check: setup-dev ## Style, types, layers, templates, deployment settings, migrations
	@bin/check

fix: setup-dev ## Put style right where a program can
	$(PYTHON) -m ruff check --fix-only --quiet .
	$(PYTHON) -m ruff format .
	@bin/templates | xargs -r .venv/bin/djade --target-version 5.2

# Three processes on two cores: a test that waits for a page or a job leaves its core to another.
test: setup-dev ## All tests but the long ones
	@bin/chromium || [ "$${CI:-}" != true ]
	@$(LOCAL) static
	$(WITH_SERVERS) $(PYTEST) $(TESTS) -n 3 --dist worksteal -m "not long" $(ARGS)

test-long: setup-dev ## The long campaigns
	@bin/chromium || [ "$${CI:-}" != true ]
	@$(LOCAL) static
	$(WITH_SERVERS) $(PYTEST) $(TESTS) -m long $(ARGS)

test-services: setup-dev ## Tests against the servers of DATABASE_URL and CELERY_BROKER_URL
	@[ -n "$$DATABASE_URL$$CELERY_BROKER_URL" ] || \
		{ echo "Set DATABASE_URL or CELERY_BROKER_URL to a real server."; exit 1; }
	$(WITH_SERVERS) $(PYTEST) $(TESTS) -m "services and not long" $(ARGS)

bench: setup-dev ## Measure speed into docs/performance.md
	$(WITH_SERVERS) $(PYTHON) -m tests.bench $(ARGS)

screenshots: setup-dev ## Take the pictures of the README from the demo
	@bin/chromium
	@$(LOCAL) static
	$(WITH_SERVERS) $(PYTHON) -m tests.screenshots $(ARGS)

audit: setup-dev ## Known weaknesses of the packages; fails when one could not be looked up
	$(PYTHON) -m pip_audit --strict --local --progress-spinner off

clean: ## Remove everything made here, data included
	@[ ! -x $(PYTHON) ] || $(LOCAL) clean
	rm -rf .peruse .venv node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find locale -name '*.mo' -delete 2>/dev/null || true
