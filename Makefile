# SPDX-License-Identifier: Apache-2.0
#
# The project's commands. Each is a script; this file only gives them short names.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-c test verify verify-long bench size scale lint clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

setup: ## install what is missing: packages, Rust targets, a Zephyr workspace
	@scripts/setup

demo: ## build and run the quick start sample
	@scripts/demo

demo-c: ## build and run the quick start sample in C
	@scripts/demo quickstart_c

test: ## all tests: host, native_sim, qemu_cortex_m3
	@scripts/test

verify: ## the proof stages: model, interleavings, Miri, fuzzer, sanitizers, faults (STAGES="loom miri": only these)
	@scripts/verify --stages "$(STAGES)"

verify-long: ## their long forms, more than an hour
	@scripts/verify --long --stages "$(STAGES)"

bench: ## the pool beside Zephyr's own work queues, in instructions
	@scripts/bench

size: ## flash and RAM of the smallest application, beside k_work's
	@scripts/size

scale: ## the pool beside Zephyr's timeout list, with up to 10,000 deferred jobs
	@scripts/scale

lint: ## formatting, clippy, Kconfig, YAML, shell, unsafe code, the table of features
	@scripts/lint

clean: ## remove what builds made (not build/venv, build/tools and build/workspace)
	@rm -rf rust/target twister-out*
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name venv ! -name tools ! -name workspace -exec rm -rf {} +
