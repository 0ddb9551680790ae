# The commands of the project. `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test test-sip test-oidc test-clients test-contract test-docs spec spec-check spec-bless bench lint fmt ci

RUST_VERSION := 1.95
OIDC_PROVIDER_VERSION := 9.13.3
SCHEMATHESIS_VERSION := 4.32.0
PRISM_VERSION := 5.12.0
PLAYWRIGHT_VERSION := 1.65.1
# How many requests `make test-contract` makes for an operation, at most, in a phase.
CASES := 50
# Where `make test-docs` puts pictures of the pages; in spec/ are those of the README.
PICTURES := target/docs
# Where cargo and its tools are put, and servers, for shells that do not have it in their PATH.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:/usr/sbin

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

setup: ## Install what is missing for running and testing (Debian)
	@if ! version=$$(cargo --version 2>/dev/null); then
		echo "make setup: cargo is missing. Install Rust $(RUST_VERSION) or newer (edition 2024), see https://rustup.rs" >&2
		exit 1
	fi
	version=$${version#cargo }
	version=$${version%% *}
	if ! printf '%s\n' "$(RUST_VERSION)" "$${version%%-*}" | sort -VC; then
		echo "make setup: this is Rust $$version; $(RUST_VERSION) or newer (edition 2024) is needed" >&2
		exit 1
	fi
	packages=()
	command -v cc >/dev/null || packages+=(gcc)
	if ! echo '#include <stdio.h>' | cc -E -x c - >/dev/null 2>&1; then
		packages+=(libc6-dev)
	fi
	kamailio=$$(command -v kamailio) || true
	# What only tests and benchmarks start is not needed to run.
	if [[ "$(MAKECMDGOALS)" != run ]]; then
		if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! command -v initdb >/dev/null; then
			packages+=(postgresql)
		fi
		command -v curl >/dev/null || packages+=(curl)
		python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
		command -v chromium >/dev/null || packages+=(chromium fonts-dejavu-core)
		command -v sipp >/dev/null || packages+=(sip-tester)
		command -v wrk >/dev/null || packages+=(wrk)
		if ! kamailio -c -f tests/kamailio/kamailio.cfg >/dev/null 2>&1; then
			packages+=(kamailio kamailio-utils-modules kamailio-extra-modules)
		fi
	fi
	if (( $${#packages[@]} )); then
		if ! command -v apt-get >/dev/null; then
			echo "make setup: there is no apt-get here to install what is missing." >&2
			echo "Needed: the PostgreSQL server programs (initdb, pg_ctl, postgres) 15 or newer, a C compiler (cc) with the headers of the C library, curl, Python 3.10 or newer with venv, Kamailio 5.6 or newer with the modules http_client and jansson, sipp, wrk, Chromium." >&2
			echo "Missing, by the names of their Debian packages: $${packages[*]}" >&2
			exit 1
		fi
		sudo=()
		if [[ $$(id -u) != 0 ]]; then
			if ! command -v sudo >/dev/null; then
				echo "make setup: missing $${packages[*]}; install them as root (there is no sudo here)" >&2
				exit 1
			fi
			sudo=(sudo)
		fi
		echo "Installing $${packages[*]}"
		"$${sudo[@]}" apt-get update -qq
		"$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${packages[@]}" >/dev/null
		# Debian starts a proxy with every installation; the tests start their own.
		if [[ -z $$kamailio && -d /run/systemd/system ]]; then
			"$${sudo[@]}" systemctl disable --now --quiet kamailio
		fi
	fi
	if [[ "$(MAKECMDGOALS)" != run ]] && ! cargo nextest --version >/dev/null 2>&1; then
		echo "Installing cargo-nextest"
		cargo install --quiet --locked cargo-nextest
	fi

run: setup ## Build, write the demo data and serve, on an embedded database
	@cargo build
	cargo run --quiet -- demo
	echo "A token that may do everything, for 7 days: paste it into \"Authorize\" of the documentation page"
	cargo run --quiet -- --log warn token create --role system_admin --expires 7d --description 'make run'
	exec cargo run --quiet -- serve

test: setup ## Run all tests, on PostgreSQL and on SQLite
test: export API_COVERAGE_DIR := $(CURDIR)/target/api-coverage
test:
	@rm -rf "$$API_COVERAGE_DIR"
	tests/with-postgres cargo nextest run --workspace
	cargo nextest run --test api --ignore-default-filter -E 'test(every_operation_of_the_document_is_called)'

test-sip: setup ## Place a thousand real calls through Kamailio
	@cargo nextest run --test sip --ignore-default-filter --test-threads 1

test-oidc: setup ## Let in whom a real OpenID provider vouches for
	@tests/npm-install target/tools/oidc oidc-provider@$(OIDC_PROVIDER_VERSION)
	tests/with-node cargo nextest run --test oidc --ignore-default-filter

test-clients: setup ## Generate clients in seven ways and run one scenario through each (or CLIENTS="python go")
	@tests/clients/setup
	tests/with-node tests/clients/run $(CLIENTS)

test-contract: setup ## Let validators of other people look at requests and answers (CASES=200 for more)
test-contract: export API_EXCHANGES_DIR := $(CURDIR)/target/api-exchanges
test-contract:
	@tools=target/tools/contract
	if [[ $$(cat "$$tools/installed" 2>/dev/null) != $(SCHEMATHESIS_VERSION) ]]; then
		echo "Installing schemathesis"
		python3 -m venv --clear "$$tools/venv"
		"$$tools/venv/bin/pip" install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION)
		echo $(SCHEMATHESIS_VERSION) >"$$tools/installed"
	fi
	tests/npm-install "$$tools" @stoplight/prism-http@$(PRISM_VERSION)
	cargo build
	# Credentials that are wrong on purpose are not to be slowed down.
	CALL_ACCEPTANCE_FAILED_AUTHENTICATIONS=1000000 tests/with-server tests/contract/generated "$$tools" $(CASES)
	rm -rf "$$API_EXCHANGES_DIR"
	cargo nextest run --test api -E 'test(/::on_sqlite$$/)'
	tests/with-node node tests/contract/recorded.mjs "$$tools" spec/openapi.json "$$API_EXCHANGES_DIR"

test-docs: setup ## Try the documentation pages in a real browser (PICTURES=spec for new ones in the README)
test-docs: export PICTURES := $(PICTURES)
test-docs:
	@tests/npm-install target/tools/docs playwright-core@$(PLAYWRIGHT_VERSION)
	cargo build
	tests/with-server tests/with-node node --test --test-reporter=spec tests/docs/

spec: ## Write spec/ from api/
	@cargo run -q -p call-acceptance-api --bin spec -- --write

spec-check: setup ## Hold spec/ against api/, rules of others and the releases before
	@cargo run -q -p call-acceptance-api --bin spec -- --check
	if ! cargo nextest run -p call-acceptance-api --test spec; then
		echo "spec/openapi.json breaks rules of spec/DESIGN.md, see above. Mend api/ and run \`make spec\`." >&2
		exit 1
	fi
	tests/spec/with-tools tests/spec/lint
	tests/spec/with-tools node tests/spec/compatibility.mjs
	tests/spec/with-tools node --test --test-reporter=spec tests/spec/

spec-bless: spec-check ## Release spec/openapi.json: VERSION=x.y.z
	@tests/spec/with-tools node tests/spec/bless.mjs "$(VERSION)"

bench: setup ## Measure what decisions cost, and how many there are a second
	@cargo bench --bench screening
	cargo bench --bench decisions

lint: ## Check the format, clippy and the documentation
	@if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
		rustup component add rustfmt clippy
	fi
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

fmt: ## Format the code
	@cargo fmt --all

ci: lint test spec-check test-sip test-oidc test-clients test-contract test-docs ## All checks, as they run for every change

.ONESHELL:
