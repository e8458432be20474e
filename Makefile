# Everything starts here. `make demo` and `make test` need python3, make and git, and do their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup update demo test test-fast test-long test-compose check check-python fmt docs clean \
	bench-import bench-requests bench-geography bench-transform bench-orchestration bench-years bench-page bench-scale screenshots

UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
RUN := $(UV) run
READY := .venv/.ready
# Wheels alone, each with its hash. The project comes last, built by the hatchling that was just installed.
INSTALL := $(UV) pip sync --quiet --compile-bytecode --no-build --require-hashes requirements/dev.txt && \
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
# What was published in the last seven days waits: most bad releases are found and taken back by then.
WEEK_AGO = $(shell python3 -c 'from datetime import date, timedelta; print(date.today() - timedelta(days=7))')
PIN = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	--exclude-newer $(WEEK_AGO) --upgrade

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

setup: $(READY) ## install everything into .venv

.tools/uv/bin/uv: requirements/uv.txt
	@echo "Bringing uv into .tools/ ..."
	@python3 -m venv .tools/uv
	@.tools/uv/bin/python -m pip --quiet --disable-pip-version-check install \
		--only-binary :all: --require-hashes -r requirements/uv.txt
	@touch $@

$(READY): pyproject.toml requirements/dev.txt $(filter .tools/%,$(UV))
	@echo "Installing into .venv (the first time takes a minute) ..."
	@test -x .venv/bin/python || $(UV) venv --quiet $(if $(UV_PYTHON),,--python '>=3.11,<3.14')
	@$(INSTALL)
	@touch $@

update: $(READY) ## move every pinned version, ask pip-audit about each, run the checks and tests
	@$(PIN) --extra dev --extra lake --extra build pyproject.toml -o requirements/dev.txt
	@$(PIN) --extra build -c requirements/dev.txt pyproject.toml -o requirements/base.txt
	@$(PIN) --extra lake --extra build -c requirements/dev.txt pyproject.toml -o requirements/lake.txt
	@echo uv | $(PIN) - -o requirements/uv.txt
	@$(MAKE) --no-print-directory setup
	@$(RUN) pip-audit --disable-pip --require-hashes -r requirements/dev.txt
	@$(MAKE) --no-print-directory check test
	@git --no-pager diff --stat requirements

demo: $(READY) ## the whole way of the data, on invented services and a made-up listener
	@$(RUN) music-tracker demo

test: $(READY) ## what CI runs, some nine minutes on two cores
	@$(RUN) pytest -q -n 4 --dist loadgroup --no-loadscope-reorder -m "not long" $(ARGS)

test-fast: $(READY) ## no Prefect, no dbt, no server: seconds
	@$(RUN) pytest -q -m "not long" tests/extract_load $(ARGS)

test-long: $(READY) ## months of weather, kills and fuzzing; prints its seeds
	@$(RUN) pytest -q -m long $(ARGS)

test-compose: $(READY) ## docker-compose.yml on the engine of DOCKER_HOST, with the image built before
	@$(RUN) pytest -q -s -x -rs -m compose tests/compose $(ARGS)

check: check-python ## lint, format, types, SQL
	@$(RUN) sqlfluff lint --processes 2 dbt_project/models

check-python: $(READY) ## the same without the SQL, which takes a minute
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

fmt: $(READY) ## put the code in order
	@$(RUN) ruff check --fix --quiet .
	@$(RUN) ruff format .

docs: $(READY) ## the dbt docs site, in dbt_project/target
	@$(RUN) dbt docs generate --project-dir dbt_project --quiet
	@echo "The site is dbt_project/target/index.html; serve it with: uv run dbt docs serve --project-dir dbt_project"

bench-import: $(READY) ## import of a large export against a bare read of it (ROWS=)
	@$(RUN) python benchmarks/import_history.py

bench-requests: $(READY) ## requests that enrichment sends, against one by one
	@$(RUN) python benchmarks/enrichment.py

bench-geography: $(READY) ## coordinates from the offline gazetteer against known places
	@$(RUN) python benchmarks/geography.py

bench-transform: $(READY) ## the dbt build against the same SQL run bare (PLAYS=, LISTENERS=)
	@$(RUN) python benchmarks/transform.py

bench-orchestration: $(READY) ## an idle daily-etl against a bare dbt build, and its memory
	@$(RUN) python benchmarks/orchestration.py

bench-page: $(READY) ## every kind of page over a large published file, and its memory (PLAYS=, ARTISTS=)
	@$(RUN) python benchmarks/page.py

bench-scale: $(READY) ## buckets of many listeners from a lake against one plain file (LISTENERS=, PLAYS=)
	@$(RUN) python benchmarks/scale.py

screenshots: $(READY) ## the six main pages of the demo's data, in a real browser, for the documentation
	@$(RUN) python tests/support/screenshots.py

bench-years: $(READY) ## a poll after ten simulated years against one after a day (YEARS=)
	@$(RUN) python benchmarks/years.py

clean: ## remove what was installed and built; data/ stays
	@rm -rf .venv .tools dbt_project/target dbt_project/logs
