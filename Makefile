# The commands of the project: an index over tools/. `make` lists them.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run deb check test test-abuse test-alerts test-deb test-ha test-sip test-oidc test-icalendar
.PHONY: test-clients test-contract test-crash test-docs spec spec-check spec-bless bench bench-scale
.PHONY: bench-transfers bench-instructions lint fmt ci

# Where cargo and its tools are installed, and servers, for shells that do not have it in their PATH.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:/usr/sbin

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: ## Install what is missing for running and testing (Debian)
	@tools/setup test

run: ## Build, write the demo data and serve, on an embedded database
	@tools/setup run
	@tools/run

deb: ## Make a Debian package of a release build under target/debian/ (MAINTAINER="Jane Doe <jane@example.com>")
	@tools/setup deb
	@tools/deb

check: setup ## The inner loop: format, clippy, unit tests, drift of spec/; under a minute
	@tools/check

test: setup ## Run all tests, on PostgreSQL and on SQLite
	@tools/test

test-abuse: setup ## Attack the server from outside: it costs little, and others do not wait
	@tools/test-abuse

test-crash: setup ## Kill the server 50 times while it imports (CRASHES=200 for more)
	@CRASHES=$(or $(CRASHES),50) tools/with-postgres cargo nextest run --test api whenever_a_server_is_killed

test-alerts: setup ## Have Prometheus' own tool judge the metrics and the alerts
	@tools/test-alerts

test-deb: ## Install, upgrade and remove the package in a scratch Debian system, as docs/installing.md prints it
	@tools/setup deb
	@tools/test-deb

test-ha: ## Take machines away from two servers and their PostgreSQL under load: nothing acknowledged may be lost
	@tools/setup ha
	@tools/with-tools ha tools/test-ha

test-sip: setup ## Place a thousand real calls through Kamailio
	@cargo nextest run --test sip --ignore-default-filter --test-threads 1

test-oidc: setup ## Let in whom a real OpenID provider vouches for
	@tools/with-tools oidc cargo nextest run --test oidc --ignore-default-filter

test-icalendar: setup ## Compare 5,000 odd calendars day by day with another reader (FILES=100 for fewer)
	@tools/with-tools icalendar tests/icalendar/compare $(FILES)

test-clients: setup ## Generate clients in seven ways and run one scenario through each (or CLIENTS="python go")
	@tools/setup clients
	@tools/with-tools clients tests/clients/run $(CLIENTS)

test-contract: setup ## Let validators of other people look at requests and answers (CASES=200 for more)
	@tools/with-tools contract tools/test-contract

test-docs: setup ## Try the documentation pages in a real browser (PICTURES=docs/pictures for new ones)
	@tools/with-tools docs tools/test-docs

spec: ## Write spec/ from api/
	@cargo run -q -p call-acceptance-api --bin spec -- --write

spec-check: setup ## Hold spec/ against api/, rules of others and the releases before
	@tools/with-tools spec tools/test-spec

spec-bless: spec-check ## Release spec/openapi.json: VERSION=x.y.z
	@tools/with-tools spec node tests/spec/bless.mjs "$(VERSION)"

bench: setup ## Measure the server beside its peers (BENCH=--write for docs/performance.md)
	@cargo bench --bench screening
	@tools/with-tools bench tools/with-postgres tests/bench/run $(BENCH)

bench-scale: setup ## Measure what might grow with users and time: 20 minutes (BENCH=--write for docs/performance.md)
	@tools/with-postgres tests/bench/scale $(BENCH)

bench-transfers: setup ## Measure imports, exports and number lists beside COPY (BENCH=--write for docs/performance.md)
	@tools/with-postgres tests/bench/transfers $(BENCH)

bench-instructions: ## Count the instructions of a request
	@tools/setup bench
	@tests/bench/instructions

lint: setup ## Check the form of the code: rustfmt, clippy, the crates' documentation
	@tools/lint

fmt: ## Format the code
	@cargo fmt --all

# What is quick, and what fails most often, comes first.
ci: check lint test spec-check test-docs test-alerts test-abuse ## All checks
ci: test-oidc test-sip test-contract test-clients
