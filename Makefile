# make demo      two companies, from invoice to payment, on this machine alone (ARGS='--output json' for programs)
# make test      all tests; sets the machine up first
# make simulate  the whole connector in one process from one seed (SEED=1 STEPS=2000)
# make defects   plants known defects one at a time and shows that a test finds each (ONLY='001 004')
# make bench     every figure with its baseline, in a release build (ARGS='--only NAME', ARGS='--output json')
# make lint      formatting and style
# make build     everything that is shipped
# make serve     the service itself (ARGS='--help')

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
MAKEFLAGS += --no-print-directory

# Every way to build uses the same flags, so that none throws away what another built.
BUILD_FLAGS := --explicit-target-dependency-import-check error
SEED ?= 1
STEPS ?= 2000
ARGS ?=
ONLY ?=

.PHONY: demo test simulate defects bench lint build serve setup

demo: build
	@exec .build/debug/ml-connector demo $(ARGS)

serve: build
	@exec .build/debug/ml-connector serve $(ARGS)

simulate: setup
	@ops/build.sh $(BUILD_FLAGS) --product simulate
	exec .build/debug/simulate --seed $(SEED) --steps $(STEPS)

# A build of its own, so that it and the debug one do not push each other out.
bench: setup
	@ops/build.sh $(BUILD_FLAGS) -c release --scratch-path .build/bench --product ml-connector
	ops/build.sh $(BUILD_FLAGS) -c release --scratch-path .build/bench --product bench
	exec .build/bench/release/bench $(ARGS)

build: setup
	@ops/build.sh $(BUILD_FLAGS) --product ml-connector

test: setup
	@ops/build.sh $(BUILD_FLAGS) --build-tests
	exec swift test $(BUILD_FLAGS) --skip-build --disable-xctest </dev/null

defects: setup
	@BUILD_FLAGS='$(BUILD_FLAGS)' Tests/Defects/run.sh $(ONLY)

lint:
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks migrations tenants

setup:
	@ops/setup.sh
