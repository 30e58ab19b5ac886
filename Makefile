# What a person does with this tree. Needs Go, git, make and a shell; every
# target does its own set-up. `make` alone prints the list.

SHELL := /bin/sh

# One set of build flags for everything, so that the binary and the tests share
# one build cache: without cgo the binary is static and no C compiler is needed.
export CGO_ENABLED := 0
export GOFLAGS     := -trimpath -buildvcs=false

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION)
# The commit is stamped by the go command, where git is willing to tell it.
STAMP   := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)

# Packages where goroutines meet: the race detector pays there.
RACE     ?= ./alerting/... ./server/pipeline/... ./tsdb/ingest/...
# How long each fuzz target runs, and all of them together.
FUZZTIME ?= 3s
FUZZMAX  ?= 120s
# Flags for the programs below bench/.
BENCH    ?=
# Flags for the demo, e.g. make demo DEMO='--seed 7'.
DEMO     ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test lint fmt proto web check-generated fuzz \
        bench bench-accuracy bench-canary bench-speed servers version clean

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/bellwether, one static binary
	@mkdir -p bin
	go build -buildvcs=$(STAMP) -ldflags '$(LDFLAGS)' -o bin/bellwether ./cmd/bellwether

demo: build ## build and open the demo: a week of history, one incident, one page
	bin/bellwether demo $(DEMO)

test: ## everything CI checks, one line a step; last line: N passed, N failed
	@go build -o bin/check ./tools/check
	@RACE='$(RACE)' FUZZTIME='$(FUZZTIME)' FUZZMAX='$(FUZZMAX)' bin/check

lint: ## the checks that run no test: gofmt, vet, tidy, contract
	@go build -o bin/check ./tools/check
	@bin/check gofmt vet tidy proto-lint proto-breaking

fmt: ## format Go and proto sources
	gofmt -l -w $$(git ls-files -co --exclude-standard '*.go')
	@tools/install.sh proto
	bin/buf format -w proto

proto: ## regenerate the API code and the OpenAPI document
	tools/proto.sh

web: ## rebuild the page into web/dist
	tools/web.sh

check-generated: ## fail if make proto or make web would change anything
	@tools/check-generated.sh

fuzz: ## fuzz every parser for FUZZTIME each, FUZZMAX together
	@FUZZTIME='$(FUZZTIME)' FUZZMAX='$(FUZZMAX)' tools/fuzz.sh

bench: bench-accuracy bench-speed ## accuracy and speed, beside the peers

bench-accuracy: ## accuracy on the public corpora (BELLWETHER_CORPUS), or on generated data
	@for p in detection correlation canary slo; do \
		echo "== go run ./bench/$$p $(BENCH)"; go run ./bench/$$p $(BENCH) || exit 1; \
	done

bench-canary: ## the canary judges beside their peers, their load, and R where Rscript is there
	go run ./bench/canary $(BENCH)
	go run ./bench/canary/load
	@if command -v Rscript >/dev/null 2>&1; then go run ./bench/canary/oracle -out ''; \
		else echo 'bench/canary/oracle: skipped, it asks R (Debian: r-base-core)'; fi

bench-speed: ## benchmarks of every package, and throughput beside a real Prometheus
	go test ./... -run '^$$' -bench . -benchmem -timeout 60m
	go run ./bench/throughput

servers: ## install the real servers that tests run against (Debian, Ubuntu)
	tools/servers.sh

version: ## print the version a build would carry
	@echo $(VERSION)

clean: ## remove bin/ and build/
	rm -rf bin build
