# Everything runs in .venv with data in var/ (VOUCH_DATA). ARGS are handed on:
#   make test ARGS='tests/deploy/test_stack.py -x'

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet
# The pip of Python 3.11 takes jusText's lxml[html_clean] and lxml's own "html-clean" for two extras
# and warns of it; since 23.3 it compares their names as the standard says (PEP 685).
PIP_VERSION := 26.3

.DEFAULT_GOAL := help
.PHONY: help install up demo status stop test test-slow lint format settings docs lock bench samples clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'

install: $(VENV)/.installed ## create .venv and install what Vouch needs

up: $(VENV)/.installed ## start everything; Ctrl-C stops it, data stay
	@$(BIN)/python -m deploy up $(ARGS)

demo: $(VENV)/.installed ## upload the samples, ask three questions, show the proofs
	@$(BIN)/python -m deploy.demo $(ARGS)

status: $(VENV)/.installed ## what runs, and where
	@$(BIN)/python -m deploy status

stop: $(VENV)/.installed ## stop a stack that was started elsewhere
	@$(BIN)/python -m deploy stop

test: $(VENV)/.installed-dev ## run the tests on the embedded stack
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

test-slow: $(VENV)/.installed-dev ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/.installed-dev ## ruff, mypy and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

settings: $(VENV)/.installed ## make docs/settings.md and .env.example anew from api/config.py
	@$(BIN)/python -m deploy.settings_files

lock: ## resolve requirements anew, in a fresh environment, into requirements.lock
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	: > requirements.lock
	$(VENV)-lock/bin/python -m pip install --quiet -r requirements-dev.txt
	{ echo "# Every package that requirements.txt and requirements-dev.txt resolve to: constraints."; \
		echo "# Made anew with: make lock"; \
		$(VENV)-lock/bin/python -m pip freeze --exclude pip --exclude setuptools \
		| sed 's/+cpu//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock && rm -rf $(VENV)-lock

bench: $(VENV)/.installed-dev ## measure
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.installed ## make what in docs/ is made from the code anew
	$(BIN)/python -m deploy.postman

samples: $(VENV)/.installed-dev ## make the files in samples/ anew
	$(BIN)/python -m samples.make_samples $(ARGS)

clean: ## remove .venv and caches; var/ with the data stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# The stamp is written last: an installation that was broken off is done again.
$(VENV)/.installed: requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Vouch needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into $(VENV) (once; a few minutes on a slow line)"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP) pip==$(PIP_VERSION)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(PIP) -r requirements-dev.txt
	@touch $@
