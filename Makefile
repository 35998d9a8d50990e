# Everything a person or CI does here. `make` alone lists it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-to-test
export PYTHONPATH := shared:.

-include .env
export

.DEFAULT_GOAL := help
.PHONY: help demo run test proof bench package check terraform-check fmt lint types docs connector clean

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

demo: $(READY) ## Play two Saturdays through the whole system and check every point
	@$(BIN)/python -m infra.demo

run: $(READY) ## Serve everything on this machine (SANDBOX=1 plays the vendors too)
	@$(BIN)/python -m infra.local $(if $(SANDBOX),--sandbox) $(ARGS)

test: $(TESTED) ## Run every test
	@$(BIN)/python -m pytest

check: $(TESTED) ## Format, lint, types, import rules, tests, branch coverage: what CI runs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report

fmt: $(TESTED) ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

proof: $(TESTED) ## Run the long proofs too: twenty kills of the running system
	@$(BIN)/python -m pytest -m long -s

bench: $(READY) ## Measure how long guests wait for their text
	@$(BIN)/python -m infra.bench $(ARGS)

package: $(READY) ## Pack each cloud function into a zip named by its content
	@$(BIN)/python -m infra.package

terraform-check: $(TESTED) ## Check the deployment: form, plans, promises, and that they can be broken
	@terraform/check.sh
	@$(BIN)/python -m pytest -m long -rs tests/test_terraform.py

docs: $(TESTED) ## Write the generated pages again
	@$(BIN)/python -m infra.documents

connector: $(TESTED) ## Start a new connector: make connector name=acme
	@$(BIN)/python -m infra.connector_template $(name)

clean: ## Remove what was made here, except data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed; name one with PYTHON=python3.12"; exit 1; }
	@echo "Setting up (once): a virtual environment with locked packages ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTED): $(READY) requirements-dev.lock
	@echo "Setting up (once): what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
