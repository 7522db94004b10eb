# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup clouds up down test lint bench bench-serving soak docs
FALAJ := .venv/bin/falaj
CLUSTER := falaj
RUN := .venv/bin

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: ## install what the project needs (uv, Python packages; as root also Debian packages)
	@scripts/setup

clouds: ## install the SDKs of AWS and Azure as well, for their stacks
	@scripts/setup clouds

up: setup ## from nothing to a prediction: cluster, images, stacks with policies on, a real answer
	@scripts/up $(CLUSTER)

down: setup ## remove the local cluster and everything that lived on it
	@$(FALAJ) cluster down --name $(CLUSTER)

test: clouds ## every test, those on a real cluster beside the others
	@scripts/test

lint: clouds ## ruff, mypy --strict, import contracts
	@scripts/lint

bench: clouds ## timings side by side, kept as JSON in benchmarks/results
	@$(RUN)/python -m benchmarks

bench-serving: setup ## the ONNX Runtime server beside its peers and ONNX Runtime alone, on a quiet machine (20 minutes)
	@$(RUN)/python -m benchmarks.serving

soak: setup ## half an hour of mixed traffic on the ONNX Runtime server: memory stays flat, no answer is wrong
	@$(RUN)/python -m benchmarks.serving.endurance

docs: clouds ## write docs/reference again from the code
	@$(RUN)/python -m docs.generate
