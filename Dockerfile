# The music tracker and Prefect's server in one image; runs as a user without rights.
FROM python:3.12-slim

RUN pip install --no-cache-dir "uv>=0.9,<1" \
    && useradd --create-home --uid 1000 listener \
    && install --directory --owner=listener --group=listener /app /app/data
WORKDIR /app
USER listener

# What changes rarely comes first, so that a new version of ours installs in seconds.
COPY --chown=listener pyproject.toml LICENSE README.md ./
RUN uv sync --no-dev --no-install-project --no-cache

COPY --chown=listener extract_load extract_load
COPY --chown=listener prefect prefect
COPY --chown=listener sandbox sandbox
COPY --chown=listener dbt_project dbt_project
COPY --chown=listener profiles.yml ./
RUN uv sync --no-dev --no-cache

ENV PATH="/app/.venv/bin:$PATH" \
    MUSIC_TRACKER_HOME=/app \
    PYTHONUNBUFFERED=1
CMD ["music-tracker", "status"]
