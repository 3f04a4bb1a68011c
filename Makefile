VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-deps --require-hashes --only-binary=:all: --progress-bar=on

help: ## what can be done here
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

run: setup ## install what is missing, start Rapporteur, print its address (PORT=… chooses the port)
	@$(BIN)/rapporteur up

setup: $(BIN)/.installed ## make .venv with the locked packages

$(BIN)/.installed: requirements.lock deploy/link.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "error: Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "error: no environment could be made; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "Installing (once)…"
	@$(PIP) --quiet -r requirements.lock
	@$(BIN)/python deploy/link.py
	@touch $@

$(BIN)/.installed-dev: $(BIN)/.installed requirements-dev.lock
	@echo "Installing what the tests need (once)…"
	@$(PIP) --quiet -r requirements-dev.lock
	@touch $@

dev: $(BIN)/.installed-dev ## also install what the tests and checks need

models-test: dev
	@$(BIN)/rapporteur models pull --tests

test: models-test ## all tests: unit, integration, faults, short evaluation, end to end
	@$(BIN)/pytest tests/unit -n 2
	@$(BIN)/python -m pytest tests/faults -n 2 --dist loadfile -ra
	@$(BIN)/python -m pytest tests --ignore tests/unit --ignore tests/faults -ra

lint: ## format, lint, types, import rule
	@test $(VENV) != .venv || $(MAKE) --no-print-directory dev
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## the same and unit tests (under a minute)
	$(BIN)/pytest tests/unit -n 2
	@$(MAKE) --no-print-directory web-test

web-test: ## unit tests of the pages (skipped where there is no node >= 20)
	@if command -v node >/dev/null; then node --test --test-reporter=dot tests/web/; else echo "web-test: skipped, node is not here"; fi

web-types: ## check the types of the pages (first: npm install)
	@node_modules/.bin/tsc -p tests/web/tsconfig.json

e2e: models-test ## the whole product in a real browser
	@$(BIN)/python -m pytest tests/e2e -ra

faults: models-test ## processes killed, connections cut, disks filled
	@$(BIN)/python -m pytest tests/faults -n 2 --dist loadfile -ra

bench-asr: models-test ## speed and accuracy of captions on this machine
	@$(BIN)/python -m tests.eval.bench_asr

eval-notes: models-test ## recall and precision of notes
	@$(BIN)/python -m tests.eval.eval_notes

eval-search: models-test ## recall and speed of search
	@$(BIN)/python -m tests.eval.eval_search $(if $(WEAVIATE_URL),--weaviate)

eval-speakers: models-test ## who spoke when, without being told how many (DATA=folder with RTTM)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.eval.eval_speakers $(if $(DATA),--data $(DATA)) $(if $(ASK_S),--ask-s $(ASK_S))

eval-voices: models-test ## voices remembered across meetings: how many are named, and how many wrongly
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.eval.eval_voices $(if $(DATA),--data $(DATA))

eval-whip: models-test ## words lost to packet loss on the WebRTC way in
	@$(BIN)/python -m tests.eval.eval_whip $(if $(DATA),--data $(DATA))

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --override deploy/lock/overrides.txt

env: ## write deploy/.env.example from the settings
	@$(BIN)/python -m deploy.env_example

lock: ## resolve the requirements again (UPGRADE=--upgrade takes new versions)
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) $(UPGRADE) --group dev -c requirements.lock -o requirements-dev.lock
	@! grep -nE 'https?://|index-url|find-links' requirements.lock requirements-dev.lock

clean: ## remove .venv and caches (data and models stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: help run setup dev models-test test lint check web-test web-types e2e faults bench-asr eval-notes eval-search eval-speakers eval-voices eval-whip env lock clean
