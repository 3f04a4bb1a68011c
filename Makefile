VENV ?= .venv
BIN := $(VENV)/bin

help: ## what can be done here
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort | column -t -s "$$(printf '\t')"

check: ## format, lint, types, import rule, unit tests
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit

.PHONY: help check
