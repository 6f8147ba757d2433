# make demo      two companies, from invoice to payment, on this machine alone (ARGS='--output json' for programs,
#                ARGS='--engine postgres' on PostgreSQL)
# make test      all tests; sets the machine up first
# make simulate  the whole connector in one process from one seed (SEED=1 STEPS=2000)
# make defects   plants known defects one at a time and shows that a test finds each (ONLY='001 004')
# make prove     what takes too long for every run: the kill matrix on PostgreSQL, three servers and 1,000 companies, a
#                plain build without libpq
# make bench     every figure with its baseline, in a release build (ARGS='--only NAME', ARGS='--output json')
# make lint      formatting and style
# make build     everything that is shipped
# make serve     the service itself (ARGS='--help')

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
MAKEFLAGS += --no-print-directory

# Every way to build uses the same flags, so that none throws away what another built.
export ML_CONNECTOR_POSTGRES := 1
BUILD_FLAGS := --explicit-target-dependency-import-check error
SEED ?= 1
STEPS ?= 2000
ARGS ?=
ONLY ?=

.PHONY: demo test simulate defects bench prove lint build serve setup

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

prove: setup
	@ops/build.sh $(BUILD_FLAGS) --build-tests
	ML_CONNECTOR_KILL_ENGINE=postgres swift test $(BUILD_FLAGS) --skip-build --disable-xctest \
		--filter '^CLITests\.KillTests' </dev/null
	ops/build.sh $(BUILD_FLAGS) --product bench
	.build/debug/bench --only node_wait_seconds_max --tenants 30
	.build/debug/bench --only node_wait_seconds_max --tenants 1000
	env -u ML_CONNECTOR_POSTGRES swift build --scratch-path .build/plain --product ml-connector
	if ldd .build/plain/debug/ml-connector | grep libpq; then exit 1; fi

lint:
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks migrations tenants

setup:
	@ops/setup.sh
