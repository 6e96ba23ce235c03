# Every target does its own set-up from a bare Python 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SETUP := .venv/.ready
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: setup run test test-slow lint lint-types lint-sql bench bench-ingestion bench-systems bench-marts ui format browser clean

setup: $(SETUP)

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "moodmart needs Python 3.11: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(SETUP)
	$(BIN)/moodmart run $(ARGS)

ui: $(SETUP)
	$(BIN)/moodmart ui $(ARGS)

# the longest tests come first, so that no core waits for the other at the end
TESTS ?= $(addprefix tests/test_,orchestration transformation expectations ingestion)
test: $(SETUP) browser
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS) $(ARGS)

# a hundred kills of loader and server, one of a run; Dagster's daemon; planted truth; an erasure; the smallest benchmark
test-slow: $(SETUP)
	$(BIN)/pytest -m slow $(ARGS)

bench: bench-ingestion bench-systems bench-marts

# 2 million tracker events, next to \copy and dlt
bench-ingestion: $(SETUP)
	$(BIN)/python -m tests.benchmarks.ingestion $(ARGS)

# all five systems, 5 million source rows, next to dlt
bench-systems: $(SETUP)
	$(BIN)/python -m tests.benchmarks.systems $(ARGS)

# ten million events: make bench-marts ARGS="--events 10000000 --users 100000"
bench-marts: $(SETUP)
	$(BIN)/python -m tests.benchmarks.marts $(ARGS)

# the types, which take one core, beside the SQL
lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --jobs 2 lint-types lint-sql

lint-types: $(SETUP)
	$(BIN)/mypy

lint-sql: $(SETUP)
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 dbt_project

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# the tests open every page the project produces in a real browser
browser:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "the tests need Chromium: install it, e.g. sudo apt-get install chromium"; exit 2; fi
endif

clean:
	-$(BIN)/moodmart down
	rm -rf .venv .moodmart target logs
