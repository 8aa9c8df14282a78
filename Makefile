# Everything a developer runs. `make` alone lists it. Works with the make 3.81 of macOS.
SHELL := /bin/bash
# The project's own Node, npm and tools come first: a bare `node` would be the machine's.
export PATH := $(CURDIR)/node_modules/.bin:$(CURDIR)/.tools/bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help setup nats-server versitygw helm warcio tools demo check test bench image e2e clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install the packages (again only when package-lock.json has changed)
	@sh scripts/setup.sh

nats-server:
	@sh scripts/tool.sh nats-server github.com/nats-io/nats-server/v2 v2.15.2 2.14

versitygw:
	@sh scripts/tool.sh versitygw github.com/versity/versitygw/cmd/versitygw v1.8.0

helm:
	@sh scripts/tool.sh helm helm.sh/helm/v3/cmd/helm v3.20.2

warcio:
	@sh scripts/warcio.sh

tools: nats-server versitygw helm warcio ## Install what tests need into .tools/: servers, and a check of WARC files (once)

demo: setup nats-server ## Crawl a local demo site and APIs into a lake, then query it
	@bash examples/demo/run.sh

check: setup ## Types, format, lint and unit tests (seconds)
	@bash scripts/check.sh

test: setup tools ## Unit, integration and crash tests with real servers (minutes)
	@status=0; for project in unit integration crash; do \
	  vitest run --project $$project || status=1; \
	done; exit $$status

bench: setup nats-server ## Time, CPU and memory of everything in test/bench (BENCH=demo for one, ARGS=--json)
	@for bench in test/bench/$(or $(BENCH),*).bench.ts; do \
	  case $$bench in */crawl.*) sh scripts/bench-rivals.sh || exit 1 ;; esac; \
	  node $$bench $(ARGS) || exit 1; \
	done

image: setup ## Build the container images (docker, or root on Debian; TARGET=onpoint for one)
	@sh scripts/image.sh $(TARGET)

e2e: setup nats-server versitygw ## Test the image on a real Kubernetes of its own, or that of E2E_KUBECONFIG (minutes)
	@bash scripts/e2e.sh

clean: ## Remove what runs and builds left (not node_modules, not .tools)
	rm -rf dist .onpoint lake examples/demo/lake
