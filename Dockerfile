# One image for the server and the worker: the project with its environment, run by a user without rights.
FROM python:3.11-slim

RUN pip install --no-cache-dir 'uv>=0.9,<1' \
    && useradd --uid 1000 --create-home listener \
    && mkdir /app && chown listener /app

WORKDIR /app
USER listener
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy PATH=/app/.venv/bin:$PATH

# The packages first: they change seldom, the code often.
COPY --chown=listener pyproject.toml README.md LICENSE ./
RUN uv sync --no-dev --no-install-project --no-cache

COPY --chown=listener extract_load extract_load
COPY --chown=listener prefect prefect
COPY --chown=listener sandbox sandbox
COPY --chown=listener dbt_project dbt_project
COPY --chown=listener profiles.yml ./
RUN uv sync --no-dev --no-cache && mkdir data

CMD ["music-tracker", "status"]
