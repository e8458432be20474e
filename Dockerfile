# One image for the server and the worker: the project with its environment, run by a user without rights.
# Versions are exact, packages have their hashes; `make update` moves the packages, a person the two images.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm
FROM ${PYTHON_IMAGE}

COPY requirements/uv.txt /tmp/uv.txt
RUN pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r /tmp/uv.txt \
    && useradd --uid 1000 --create-home listener \
    && mkdir /app && chown listener /app

WORKDIR /app
USER listener
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never PATH=/app/.venv/bin:$PATH

# The packages first: they change seldom, the code often.
COPY --chown=listener requirements/base.txt requirements/
RUN uv venv && uv pip sync --no-cache --no-build --require-hashes requirements/base.txt

COPY --chown=listener pyproject.toml README.md LICENSE ./
COPY --chown=listener extract_load extract_load
COPY --chown=listener prefect prefect
COPY --chown=listener sandbox sandbox
COPY --chown=listener page page
COPY --chown=listener dbt_project dbt_project
COPY --chown=listener profiles.yml ./
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . && mkdir data

CMD ["music-tracker", "status"]
