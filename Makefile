# The commands of Goldseam. Each sets up what it needs first; on a fresh Debian or Ubuntu git, make and python3 are enough.

VENV := .venv
PY := $(VENV)/bin/python
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# More words for the command behind a target:  make test ARGS="tests/homework -k round"
ARGS ?=

# In CI nothing may be left out, so the tests need the browser parts as well.
ifeq ($(CI),true)
TEST_LEVEL := browser
else
TEST_LEVEL := dev
endif

.DEFAULT_GOAL := help
.PHONY: help setup run test browser lint format types contracts exercises bench mutants histories shots lock clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: $(VENV)/stamp-run ## only the set-up: system packages where missing, .venv, locked packages

run: $(VENV)/stamp-run ## the demo practice on http://localhost:8000, in var/demo
	@$(PY) -m clinic.cli demo $(ARGS)

test: $(VENV)/stamp-$(TEST_LEVEL) ## all tests; the browser suite only when its parts are there (always in CI)
	@mkdir -p var
	@set -- -n $(JOBS) --dist worksteal --junitxml=var/junit.xml; \
	missing=$$(requirements/install.sh missing | paste -sd ' ' -); \
	if [ -n "$$missing" ]; then \
		if [ "$(CI)" = true ]; then echo "The browser suite cannot run; missing: $$missing" >&2; exit 1; fi; \
		set -- "$$@" --ignore=tests/browser -m "not browser"; \
	fi; \
	status=0; $(PY) -m pytest "$$@" $(ARGS) || status=$$?; \
	if [ -n "$$missing" ]; then \
		echo "Skipped: the browser suite, tests/browser (missing: $$missing). To add it:  make browser"; \
	fi; \
	exit $$status

browser: $(VENV)/stamp-browser ## the parts of the browser suite: chromium, poppler-utils, playwright

lint: $(VENV)/stamp-dev ## style of the code and of the templates
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m djlint templates --lint --quiet

format: $(VENV)/stamp-dev ## mend what can be mended by itself
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/stamp-dev ## mypy, strict, on clinic, forms and reports
	$(PY) -m mypy

contracts: $(VENV)/stamp-dev ## who may import whom
	$(VENV)/bin/lint-imports --no-cache

exercises: $(VENV)/stamp-run ## every exercise file read, checked and proved
	$(PY) -m clinic.cli exercises check

bench: $(VENV)/stamp-dev ## what pages and documents cost
	$(PY) -m bench $(ARGS)

mutants: $(VENV)/stamp-dev ## small mistakes in access and vault, and how many of them the tests notice
	$(PY) -m bench.mutants $(ARGS)

histories: $(VENV)/stamp-dev ## many random histories, with and without what one partner does in private
	HISTORIES=$${HISTORIES:-300} $(PY) -m pytest -n 0 tests/rules/test_random_histories.py -k tells_the_other

shots: $(VENV)/stamp-browser ## a picture of every screen, narrow and wide, light and dark
	$(PY) -m tests.browser.shots $(ARGS)

lock: ## requirements/*.txt anew from pyproject.toml; UPGRADE=1 takes the newest of everything
	requirements/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## take away what set-up, tests and the demo made; never a practice's data
	rm -rf $(VENV) var/demo var/lock var/junit.xml .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A level is installed anew when its lock or the set-up itself has changed.
$(VENV)/stamp-%: requirements/%.txt requirements/install.sh
	@requirements/install.sh $*
