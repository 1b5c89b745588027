# `make run` and `make test` set up everything they need on Debian or Ubuntu with Python >= 3.11.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EMASK := $(BIN)/emask
SOURCES := src tests agent/src

.PHONY: help setup browser cards run test fast lint types imports check format bench fuzz contract screenshots docs lock clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Make .venv, build the style sheet, see to a font (done by run and test)
	@PYTHON="$(PYTHON)" scripts/setup.sh
	@scripts/fonts.sh

browser: ## Install Chromium for the browser tests (done by test)
	@scripts/browser.sh

cards: setup ## Install the card agent and virtual cards to test it with (done by test)
	@scripts/cards.sh

run: setup ## Serve the demo on http://localhost:8000
	$(EMASK) up

test: setup browser cards ## Run all tests
	$(BIN)/pytest -n 2 --dist loadgroup

fast: setup cards ## Run the tests that need no browser
	$(BIN)/pytest -n 2 --dist loadgroup -m "not browser"

check: lint types imports ## Run everything that CI checks besides the tests

lint: setup ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup cards ## Check types
	$(BIN)/mypy

imports: setup ## Check that imports go one way
	$(BIN)/lint-imports

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure the intake against the database's own limit
	$(EMASK) bench intake

fuzz: setup ## Feed what reads bytes from outside with made-up input; faults go to FINDINGS
	$(BIN)/python scripts/fuzz.py $(or $(FINDINGS),fuzz-findings)

contract: setup ## Try the partner API with 20,000 cases made from its description; see FINDINGS
	$(BIN)/python scripts/contract.py $(or $(FINDINGS),contract-findings)

screenshots: setup browser ## Take pictures of the demo's pages into var/screenshots
	$(BIN)/python scripts/screenshots.py

docs: setup ## Write the pages of docs/ that follow from the code
	$(BIN)/python scripts/docs.py

lock: setup ## Resolve the dependencies anew into requirements.lock
	scripts/lock.sh

clean: ## Remove what setup and the tests made
	rm -rf $(VENV) frontend/node_modules src/emask/web/static/built .mypy_cache .pytest_cache .ruff_cache
