# Everything a person or CI does here. `make` alone lists it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# What is installed is compiled when it is first imported: most of it never is.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
READY  := $(VENV)/.ready
TESTED := $(VENV)/.ready-to-test
AUDIT  := build/audit
TFVARS    = environments/$(ENV).tfvars
PROJECT   = $(shell sed -n 's/^project *= *"\(.*\)".*/\1/p' terraform/$(TFVARS) 2>/dev/null)
STATE    ?= $(PROJECT)-terraform
TERRAFORM ?= terraform -chdir=terraform
VARIABLES = -var-file=$(TFVARS) $(ARGS)
export PYTHONPATH := shared:.

-include .env
export
unexport TFVARS PROJECT STATE TERRAFORM VARIABLES

.DEFAULT_GOAL := help
.PHONY: help demo run test proof simulate mutants crash races year fuzz bench audit cloud-local package \
        check terraform-check fmt lint types docs connector clean costs plan deploy undeploy environment

help: ## List what can be done
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

demo: $(READY) ## Play two Saturdays and a week through the whole system and check every point
	@$(BIN)/python -m infra.demo

run: $(READY) ## Serve everything on this machine (SANDBOX=1 plays the vendors too)
	@$(BIN)/python -m infra.local $(if $(SANDBOX),--sandbox) $(ARGS)

test: $(TESTED) ## Run every test, on every core
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(TESTED) ## Format, lint, types, import rules, tests, branch coverage: what CI runs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term:skip-covered"

fmt: $(TESTED) ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

proof: $(TESTED) ## Run the long proofs too: twenty kills of the running system
	@$(BIN)/python -m pytest -m long -s

simulate: $(READY) ## Simulate shops in trouble, and check every promise: make simulate SEEDS=200000
	@$(BIN)/python -m infra.simulator --seeds $(or $(SEEDS),2000) $(ARGS)

mutants: $(TESTED) ## Plant bugs in the code that moves points: simulation and tests must see them
	@$(BIN)/python -m infra.simulator --mutants
	@$(BIN)/python -m infra.mutation $(ARGS)

crash: $(READY) ## Kill it at every write, cut its power, fill its disk: nothing acknowledged is lost
	@$(BIN)/python -m infra.crash $(ARGS)

races: $(READY) ## Let 64 tills race for ten guests' points, and work every sum out again
	@$(BIN)/python -m infra.races $(ARGS)

year: $(TESTED) ## Live through a year of a thousand guests, and reckon it apart: both come to the same
	@$(BIN)/python -m tests.year $(ARGS)

fuzz: $(TESTED) ## Throw bad input at all that reads it, and a million signatures that are nearly right
	@$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(READY) ## Measure speed beside the least that anybody would run
	@$(BIN)/python -m infra.bench $(ARGS)

cloud-local: $(READY) ## Play the demo's days in the cloud's shape, on Google's emulators
	@$(BIN)/python -m infra.cloud_local $(ARGS)

package: $(READY) ## Pack each cloud function into a zip named by its content
	@$(BIN)/python -m infra.package

terraform-check: $(TESTED) ## Check the deployment: form, plans, promises, and that they can be broken
	@terraform/check.sh
	@$(BIN)/python -m pytest -m "long or not long" -rs tests/test_terraform.py

audit: $(READY) $(AUDIT)/.ready ## Look for weak spots, secrets, and guests where they do not belong
	@$(BIN)/python -m infra.security

docs: $(TESTED) ## Write the generated pages again
	@$(BIN)/python -m infra.documents

connector: $(TESTED) ## Start a new connector: make connector name=acme
	@$(BIN)/python -m infra.connector_template $(name)

costs: $(READY) ## Tell what a month on Google Cloud costs: make costs ENV=staging, or of prod
	@$(BIN)/python -m infra.costs $(ENV)

plan: environment package ## Show what a deployment would change: make plan ENV=staging
	@$(TERRAFORM) plan $(VARIABLES)

deploy: environment package costs ## Deploy to Google Cloud, once you said yes: make deploy ENV=staging
	@$(TERRAFORM) apply $(VARIABLES)

undeploy: environment package ## Take a deployment down, once you typed its project: make undeploy ENV=staging
	@printf '%s\n' \
		"This deletes all of these in $(PROJECT):" \
		"  functions, their accounts, sources and images" \
		"  topics and subscriptions, with every event that waits and every dead letter" \
		"  the tick, alarms, dashboard, indexes and backup schedules" \
		"What 'loyalty schedules apply' made in Cloud Scheduler stays: 'loyalty schedules apply --none' first." \
		"Deployed with delete_protection = false: also both databases and every secret, the pepper too." \
		"Deployed with delete_protection, these stay:" \
		"  both databases: Terraform forgets them (docs/operations.md takes them back in)" \
		"  every secret: Terraform ends with an error for each, as it should"
	@printf 'Type the name of the project: '; read -r typed; \
		[ "$$typed" = "$(PROJECT)" ] || { echo "Nothing was removed."; exit 1; }
	@$(TERRAFORM) destroy $(VARIABLES)

environment:
	@[ -n "$(ENV)" ] || { echo "Say where: make $(MAKECMDGOALS) ENV=staging"; exit 1; }
	@[ -f terraform/$(TFVARS) ] || { echo "There is no terraform/$(TFVARS)."; exit 1; }
	@[ -n "$(PROJECT)" ] || { echo "terraform/$(TFVARS) names no project."; exit 1; }
	@command -v $(firstword $(TERRAFORM)) >/dev/null \
		|| { echo "Terraform 1.9 or newer is needed: terraform/README.md."; exit 1; }
	@$(TERRAFORM) init -input=false -reconfigure -backend-config="bucket=$(STATE)" \
		|| { echo "Terraform keeps its state in gs://$(STATE). Log in with 'gcloud auth application-default"; \
			echo "login', and make that bucket: docs/operations.md, First deployment."; exit 1; }

clean: ## Remove what was made here, except data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed; name one with PYTHON=python3.12"; exit 1; }
	@echo "Setting up (once): a virtual environment with locked packages ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(AUDIT)/.ready: requirements-audit.lock
	@echo "Setting up (once): what looks for weak spots; this takes a few minutes ..."
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes -r requirements-audit.lock
	@touch $@

$(TESTED): $(READY) requirements-dev.lock
	@echo "Setting up (once): what tests and checks need ..."
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@
