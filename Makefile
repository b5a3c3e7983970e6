# Needs only make, sh and Python 3.12 or newer; `make` alone lists the commands.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-input
SUPPLY := .tools/supply
PIP_COMPILE := $(SUPPLY)/bin/python -m piptools compile --quiet --no-header --strip-extras --generate-hashes \
	--allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
CHROMIUM ?= $(shell for name in chromium chromium-browser google-chrome; do command -v $$name && break; done)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-reset story test another-day lint format check bench chaos drill restore rules browser api-fuzz guide plan pins audit sbom manifests docs \
	clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## the whole product with pretend phones, at the address that it prints
	@$(PY) -m simulator.demo

demo-reset: $(READY) ## delete the data of the demo
	@$(PY) -m simulator.demo --reset

story: $(READY) ## an evening of chat, played without a browser and printed
	@$(PY) -m simulator.story

test: $(READY) ## every test, on a real Postgres and Valkey of its own (ARGS="-k digest" for some)
	@$(PY) -m pytest --numprocesses auto --dist worksteal $(ARGS)

another-day: $(READY) ## the tests as if it were DAY="2028-02-29 12:00" or DAY="+400 days" (needs faketime)
	@command -v faketime >/dev/null || { echo "faketime is not on the PATH: install it (Debian: apt install faketime)." >&2; exit 1; }
	@test -n "$(DAY)" || { echo "Say which day, as in make another-day DAY='+400 days'" >&2; exit 1; }
	@faketime "$(DAY)" $(PY) -m pytest --numprocesses auto --dist worksteal $(ARGS)

lint: $(READY) ## formatting, style and types
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy .

format: $(READY) ## correct formatting and imports
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

check: lint test ## lint, then test

bench: $(READY) ## measure the speed (ARGS=replies, fan-out, outage, connections, slow-clients, health or pages; else the first two)
	@$(PY) -m bench.load $(ARGS)

chaos: $(READY) ## cause kills, outages and vendors' faults; count what was lost or sent twice (QUICK=1: 3 min)
	@$(PY) -m bench.chaos $(if $(QUICK),--quick) $(ARGS)

drill: $(READY) ## run the deployment of app.json and the Procfile through a series of outages (4 min)
	@$(PY) -m bench.drill $(ARGS)

restore: $(READY) ## back up 100,000 messages under load, restore them elsewhere, and count what is sent twice
	@$(PY) -m bench.restore $(ARGS)

rules: ## check the alerts of ops/prometheus and play their tests (needs promtool: Debian's prometheus)
	@command -v promtool >/dev/null || { echo "promtool is not on the PATH: install prometheus (Debian: apt install prometheus)." >&2; exit 1; }
	@promtool check rules ops/prometheus/rules.yml
	@promtool test rules ops/prometheus/rules_test.yml

browser: $(READY) ## the demo in a real Chromium (CHROMIUM=/path/to/it, SHOTS=a folder for the screenshots); CI does not run it
	@test -n "$(CHROMIUM)" || { echo 'No chromium, chromium-browser or google-chrome is on the PATH: install one' \
		'or name yours with make browser CHROMIUM=/path/to/it.' >&2; exit 1; }
	@$(PIP_INSTALL) --require-hashes --requirement requirements-browser.txt
	@CHROMIUM="$(CHROMIUM)" $(PY) -m tests.browser.evening $(SHOTS)
	@CHROMIUM="$(CHROMIUM)" $(PY) -m tests.browser.whose $(SHOTS)
	@CHROMIUM="$(CHROMIUM)" $(PY) -m tests.browser.dashboard $(SHOTS)
	@CHROMIUM="$(CHROMIUM)" $(PY) -m tests.browser.operator $(SHOTS)

api-fuzz: $(READY) ## the whole API tried by schemathesis, 500 cases an operation (CASES=50 for fewer; up to 40 min)
	@$(PY) -m tests.api.fuzz $(if $(CASES),--cases $(CASES))

guide: $(READY) ## write the table of commands in docs/guide.md
	@$(PY) -m bot.guide

plan: $(READY) ## draw the rooms and their imports in CONTRIBUTING.md
	@$(PY) -m tests.drawing

pins: $(SUPPLY)/ready ## write requirements*.txt from the .in files (ARGS=--upgrade for newer versions)
	@$(PIP_COMPILE) $(ARGS) --output-file requirements.txt requirements.in
	@$(PIP_COMPILE) $(ARGS) --constraint requirements.txt --output-file requirements-dev.txt requirements-dev.in
	@$(PIP_COMPILE) $(ARGS) --constraint requirements-dev.txt --output-file requirements-browser.txt requirements-browser.in
	@$(PIP_COMPILE) $(ARGS) --output-file requirements-supply.txt requirements-supply.in

audit: $(SUPPLY)/ready ## ask a service on the internet for known holes in the deployed packages
	@sh ops/audit.sh $(SUPPLY)/bin/python

manifests: $(SUPPLY)/ready ## check ops/kubernetes against Kubernetes' own schemas
	@$(SUPPLY)/bin/python ops/check_manifests.py ops/kubernetes

docs: $(SUPPLY)/ready ## build the documentation into site/, without the network; a link that leads nowhere stops it
	@NO_MKDOCS_2_WARNING=1 $(SUPPLY)/bin/python -m mkdocs build --strict --clean --config-file ops/docs/mkdocs.yml

sbom: $(SUPPLY)/ready ## write sbom.json: the packages that are deployed, with their hashes, as CycloneDX
	@$(SUPPLY)/bin/python -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml \
		--output-reproducible --short-PURLs --output-file sbom.json

clean: ## remove the venv and the caches; the demo's data stay
	@rm -rf $(VENV) $(SUPPLY) .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.txt
	@$(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
		|| { python=$$(sh ops/find_python.sh "$(PYTHON)") && "$$python" -m venv --clear $(VENV); }
	@echo 'Installing the pinned packages into $(VENV) …'
	@$(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt
	@touch $@

$(SUPPLY)/ready: requirements-supply.txt | $(READY)
	@$(PY) -m venv --clear $(SUPPLY)
	@$(SUPPLY)/bin/python -m pip install -qq --disable-pip-version-check --no-input \
		--require-hashes --requirement requirements-supply.txt
	@touch $@
