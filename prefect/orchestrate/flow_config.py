"""The configuration of one run: its environment, limits and time-outs, as one flow parameter.

In: the settings (environment variables, `.env`), and what a person overrides for one run. Out: a `FlowConfig` that the
Prefect UI shows as a form, and the `Settings` that the run works with. An empty field means "as the environment and
`.env` say"; a field that is set wins for this run. No secret is ever in it.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from extract_load.core.settings import Environment, Settings, load_settings

_UNLIMITED = "empty: as ENVIRONMENT and .env say (development: no limit); 0: none"


_OF_TASKS = {"retries", "retry_delay"}
"""Fields that are no setting."""


class FlowConfig(BaseModel):
    """Limits (entities a run) and time-outs (seconds) that one run can be given."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Configuration of a run")

    environment: Environment | None = Field(
        None, description="development: no limits. testing: a handful of each, short time-outs. production: reasonable."
    )
    spotify_artist_limit: int | None = Field(None, ge=0, description=f"Artists to ask Spotify for; {_UNLIMITED}.")
    spotify_album_limit: int | None = Field(None, ge=0, description=f"Albums to ask Spotify for; {_UNLIMITED}.")
    spotify_track_limit: int | None = Field(None, ge=0, description=f"Tracks to ask Spotify for; {_UNLIMITED}.")
    musicbrainz_fetch_limit: int | None = Field(
        None, ge=0, description=f"Artists to look for at MusicBrainz; {_UNLIMITED}."
    )
    musicbrainz_hierarchy_limit: int | None = Field(
        None, ge=0, description=f"Areas whose place in the world to look up at MusicBrainz; {_UNLIMITED}."
    )
    geocoder_limit: int | None = Field(
        None, ge=0, description="Places to ask the geocoder for when the offline gazetteer does not know them; 0: none."
    )
    default_timeout: float | None = Field(
        None, gt=0, description="Seconds that one task's call may take, such as a poll; never a whole backlog."
    )
    retries: int | None = Field(
        None, ge=0, le=10, description="Retries of a task that a transient error stopped; empty: by environment."
    )
    retry_delay: float | None = Field(
        None, ge=0, description="Seconds before the first retry of a task, doubled before each further one; empty: 30."
    )

    def settings(self) -> Settings:
        """Return the settings with this configuration on top.

        Errors: ConfigurationError, one sentence per bad variable.
        """
        limits = self.model_dump(exclude_none=True, exclude=_OF_TASKS)
        return load_settings(**limits)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, without secrets: there are none in it."""
        return self.model_dump(mode="json")


RETRY_DELAY = 30.0
RETRIES: dict[str, int] = {"development": 2, "testing": 0, "production": 3}


def get_flow_config(environment: str | None = None, **overrides: Any) -> FlowConfig:
    """Return the configuration in effect: every field filled with what a run would use; None means no limit.

    `environment` is development, testing or production; ENVIRONMENT counts when it is not given. `overrides` are
    fields of `FlowConfig`. Errors: ConfigurationError, one sentence per bad variable.
    """
    retries, retry_delay = overrides.pop("retries", None), overrides.pop("retry_delay", None)
    if environment is not None:
        overrides["environment"] = environment
    settings = load_settings(**{name: value for name, value in overrides.items() if value is not None})
    fields = {name: getattr(settings, name) for name in FlowConfig.model_fields if name not in _OF_TASKS}
    return FlowConfig(
        **fields,
        retries=RETRIES[settings.environment] if retries is None else retries,
        retry_delay=RETRY_DELAY if retry_delay is None else retry_delay,
    )


def in_effect(config: FlowConfig | None) -> FlowConfig:
    """Fill what a run's configuration leaves empty from the settings."""
    return get_flow_config(**(config or FlowConfig()).model_dump())


def main() -> None:
    """Print the configuration in effect, and the paths that go with it."""
    import typer

    config = get_flow_config()
    settings = config.settings()
    shown = {
        **config.to_dict(),
        "data_base_path": str(settings.spool_dir),
        "cache_dir": str(settings.answers_dir),
        "duckdb_path": str(settings.warehouse_path),
        "spotify_app": "set" if settings.has_spotify_app else "not set: import and etl work, polling does not",
    }
    typer.echo(json.dumps(shown, indent=2))


if __name__ == "__main__":
    from orchestrate.console import run_script
    from orchestrate.flow_config import main as script  # the one copy of this module, not a second named __main__

    run_script(script)
