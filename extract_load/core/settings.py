"""The one typed settings object, read from the environment and `.env`.

Unset means the preset of ENVIRONMENT, set means that it wins. A bad value stops everything before any work with one
sentence that names the variable. Relative paths count from the project's root, never from the working directory.
Source: docs/architecture.md, section 6; every variable of the original keeps its name and meaning.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from extract_load.core.errors import ConfigurationError
from extract_load.core.lake_settings import LakeSettings
from extract_load.core.listener_registry import FILE_NAME, read_registry
from extract_load.core.text import printable

Environment = Literal["development", "testing", "production"]
# What ENVIRONMENT stands for: limits per run (entities; None = no limit) and time-outs (seconds).
PRESETS: dict[str, dict[str, Any]] = {
    "development": {},
    "testing": {
        "spotify_artist_limit": 5,
        "spotify_album_limit": 5,
        "spotify_track_limit": 5,
        "musicbrainz_fetch_limit": 5,
        "musicbrainz_hierarchy_limit": 10,
        "geocoder_limit": 2,
        "default_timeout": 60,
    },
    "production": {
        "spotify_artist_limit": 200,
        "spotify_album_limit": 200,
        "spotify_track_limit": 200,
        "musicbrainz_fetch_limit": 2000,
        "musicbrainz_hierarchy_limit": 2000,
        "geocoder_limit": 25,
        "default_timeout": 300,
    },
}

PUBLIC_HOSTS = ("musicbrainz.org", "nominatim.openstreetmap.org")


def project_root() -> Path:
    """Return the folder that relative paths count from: MUSIC_TRACKER_HOME, else the checkout, else here."""
    named = os.environ.get("MUSIC_TRACKER_HOME")
    if named:
        return Path(named).expanduser().resolve()
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "dbt_project").is_dir() else Path.cwd()


class Settings(LakeSettings):
    """What a person can set. Limits count entities per run; None means no limit. Times are seconds."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = "development"

    spotify_client_id: str | None = None
    spotify_client_secret: SecretStr | None = None
    spotify_refresh_token: SecretStr | None = None
    spotify_redirect_uri: str = "http://127.0.0.1:8888/callback"
    spotify_token_path: Path | None = None
    listener_id: str = Field(default="me", pattern=r"^[A-Za-z0-9_.-]{1,64}$")

    data_base_path: Path = Path("data/src")
    cache_dir: Path = Path("data/cache")
    duckdb_path: Path = Path("data/music_tracker.duckdb")
    inbox_dir: Path | None = None
    duckdb_memory_limit: str = Field(default="500MB", pattern=r"^\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$")
    duckdb_threads: int = Field(default=2, ge=1, le=64)

    spotify_artist_limit: int | None = Field(default=None, ge=0)
    spotify_album_limit: int | None = Field(default=None, ge=0)
    spotify_track_limit: int | None = Field(default=None, ge=0)
    musicbrainz_fetch_limit: int | None = Field(default=None, ge=0)
    musicbrainz_hierarchy_limit: int | None = Field(default=None, ge=0)
    musicbrainz_name_search: bool = True
    default_timeout: float = Field(default=300, gt=0)
    spotify_daily_budget: int = Field(default=400, ge=0)
    spotify_refresh_days: int = Field(default=90, ge=1)

    geocoder: str = "nominatim"
    geocoder_api_key: SecretStr | None = None
    geocoder_limit: int = Field(default=25, ge=0)

    listener_timezone: str = "UTC"
    listener_trips: str = ""
    contact: str = ""

    spotify_api_base_url: str = "https://api.spotify.com/v1"
    spotify_accounts_base_url: str = "https://accounts.spotify.com"
    musicbrainz_base_url: str = "https://musicbrainz.org"
    nominatim_base_url: str = "https://nominatim.openstreetmap.org"
    musicbrainz_requests_per_second: float = Field(default=1, gt=0)
    nominatim_requests_per_second: float = Field(default=1, gt=0)
    spotify_requests_per_second: float = Field(default=2, gt=0)

    ingest_interval_minutes: int = Field(default=30, ge=1, le=1440)
    etl_hour: int = Field(default=5, ge=0, le=23)
    alert_urls: SecretStr | None = None
    alert_no_poll_hours: float = Field(default=6, gt=0)
    heartbeat_url: SecretStr | None = None
    backup_dir: Path | None = None
    published_readable: bool = False
    page_embed_site: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")
    page_snapshot_dir: Path | None = None
    page_token: SecretStr | None = Field(default=None, min_length=8, max_length=512)
    lock_wait_seconds: float = Field(default=600, ge=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    music_tracker_demo: bool = False

    _home: str | None = PrivateAttr(None)
    _has_own_app: bool = PrivateAttr(False)

    @model_validator(mode="before")
    @classmethod
    def _presets(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Lay the preset of ENVIRONMENT under what is set."""
        preset = PRESETS.get(str(values.get("environment", "development")), {})
        return {**preset, **values}

    @field_validator("listener_timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            msg = f"{zone!r} is not a time zone name; write one like Europe/Berlin"
            raise ValueError(msg)
        return zone

    @field_validator("listener_trips")
    @classmethod
    def _known_trips(cls, trips: str) -> str:
        """Write each trip as `YYYY-MM-DD HH:MM:SS=Zone`, UTC, as the models read it."""
        return ",".join(_written_trip(trip) for trip in trips.split(",") if trip.strip())

    @field_validator("spotify_api_base_url", "spotify_accounts_base_url", "musicbrainz_base_url", "nominatim_base_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "it must be an address that starts with http:// or https://"
            raise ValueError(msg)
        return url.rstrip("/")

    @field_validator("heartbeat_url")
    @classmethod
    def _monitor_address(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url else None
        if parts and (parts.scheme not in {"http", "https"} or not parts.hostname):
            msg = "it must be an address that starts with http:// or https://"
            raise ValueError(msg)
        return url

    @model_validator(mode="after")
    def _public_pace(self) -> Settings:
        """Hold the public hosts to the one request a second that they ask for."""
        for name, url, pace in (
            ("MUSICBRAINZ_REQUESTS_PER_SECOND", self.musicbrainz_base_url, self.musicbrainz_requests_per_second),
            ("NOMINATIM_REQUESTS_PER_SECOND", self.nominatim_base_url, self.nominatim_requests_per_second),
        ):
            host = urlsplit(url).hostname or ""
            if pace > 1 and any(host == public or host.endswith("." + public) for public in PUBLIC_HOSTS):
                msg = f"{name} is {pace:g}, but the public host {host} allows at most 1 request a second"
                raise ValueError(msg)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The listener's time zone of LISTENER_TIMEZONE."""
        return ZoneInfo(self.listener_timezone)

    @property
    def spool_dir(self) -> Path:
        """DATA_BASE_PATH, absolute: what the services answered about plays, as files."""
        return _absolute(self.data_base_path)

    @property
    def answers_dir(self) -> Path:
        """CACHE_DIR, absolute: enrichment answers, as files."""
        return _absolute(self.cache_dir)

    @property
    def warehouse_path(self) -> Path:
        """DUCKDB_PATH, absolute; WAREHOUSE is another name of it when it is a path."""
        named = self.warehouse.get_secret_value() if self.warehouse and not self.is_lake else ""
        return _absolute(Path(named) if named else self.duckdb_path)

    @property
    def data_dir(self) -> Path:
        """The folder of the warehouse: the lock, the state and the published file lie there."""
        return self.warehouse_path.parent

    @property
    def inbox_path(self) -> Path:
        """INBOX_DIR, absolute: exports that are dropped here are imported by the next run."""
        return _absolute(self.inbox_dir or self.data_dir / "inbox")

    @property
    def state_path(self) -> Path:
        """SQLite file of the facts that must be readable at any time."""
        return self.data_dir / "state.sqlite"

    @property
    def lock_path(self) -> Path:
        """The writer's lock file."""
        return self.data_dir / ".writer.lock"

    @property
    def published_path(self) -> Path:
        """The file of all that was published. Readers open it while there is one listener, else the file of each."""
        folder = ".published" if self.has_several_listeners else "published"
        return self.data_dir / folder / "music_tracker.duckdb"

    @property
    def listeners_path(self) -> Path:
        """The registry of listeners, absent while there is one."""
        return self.spool_dir / FILE_NAME

    @property
    def has_several_listeners(self) -> bool:
        """Whether more than one listener is registered. Errors: ConfigurationError when the registry is damaged."""
        return len(read_registry(self.listeners_path)) > 1

    @property
    def home_listener_id(self) -> str:
        """The listener of LISTENER_ID, also in the settings of another one (core/listeners.py)."""
        return self._home or self.listener_id

    @property
    def scope(self) -> str:
        """What the keys of this listener's sign-in end in: nothing for the listener of LISTENER_ID."""
        return "" if self.listener_id == self.home_listener_id else f":{self.listener_id}"

    @property
    def app_scope(self) -> str:
        """What the quota buckets of this listener's Spotify app end in: nothing for the app of the settings."""
        return self.scope if self._has_own_app else ""

    def as_listener(self, update: dict[str, Any], *, home: str, has_own_app: bool) -> Settings:
        """Return the settings of another listener than that of LISTENER_ID, who is `home`."""
        changed = self.model_copy(update=update)
        changed._home, changed._has_own_app = home, has_own_app
        return changed

    @property
    def token_path(self) -> Path:
        """Where `music-tracker auth` keeps the token (0600)."""
        return _absolute(self.spotify_token_path or self.data_dir / "spotify_token.json")

    @property
    def backup_path(self) -> Path | None:
        """BACKUP_DIR, absolute: where the daily run backs up to; None when nobody named a folder."""
        return _absolute(self.backup_dir) if self.backup_dir else None

    @property
    def snapshot_path(self) -> Path | None:
        """PAGE_SNAPSHOT_DIR, absolute: where the daily run writes the pages; None when nobody named a folder."""
        return _absolute(self.page_snapshot_dir) if self.page_snapshot_dir else None

    @property
    def has_spotify_app(self) -> bool:
        """Whether client id and secret are set."""
        return bool(self.spotify_client_id and self.spotify_client_secret)

    def user_agent(self) -> str:
        """Return the User-Agent: name, version, and CONTACT in the form that MusicBrainz and Nominatim ask for.

        A header is sent in Latin-1, each character a byte: so written, other letters go out in UTF-8.
        """
        contact = printable(self.contact or "a private listening warehouse; no contact set")
        return f"music-tracker/{version('music-tracker')} ( {contact.encode().decode('latin-1')} )"


def load_settings(env_file: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings from the environment and `.env` (environment wins), with `overrides` on top.

    Errors: ConfigurationError, one sentence per bad variable, or for a file that is named and not there.
    """
    path = settings_file(env_file)
    try:
        return Settings(_env_file=path if path.is_file() else None, **overrides)
    except ValidationError as error:
        problems = "; ".join(_sentence(dict(problem)) for problem in error.errors(include_input=False))
        raise ConfigurationError(f"{problems}.", hint="Fix it in the environment or in .env.") from None


def settings_file(named: Path | None = None) -> Path:
    """Return the file of the settings: the named one, that of MUSIC_TRACKER_ENV_FILE, else the `.env` of the root.

    Errors: ConfigurationError when MUSIC_TRACKER_ENV_FILE names nothing: its settings would all be missing.
    """
    variable = os.environ.get("MUSIC_TRACKER_ENV_FILE")
    if named or not variable:
        return named or project_root() / ".env"
    path = Path(variable).expanduser()
    if not path.exists() or path.is_dir():
        hint = "Correct it, or unset MUSIC_TRACKER_ENV_FILE to use the .env of the project."
        raise ConfigurationError(f"MUSIC_TRACKER_ENV_FILE names {path}, and there is no such file.", hint=hint)
    return path


def _written_trip(trip: str) -> str:
    """Return one trip of LISTENER_TRIPS in the form of the models; a moment without an offset is UTC."""
    moment, _, zone = (part.strip() for part in trip.partition("="))
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or zone not in available_timezones():
        msg = f"{trip.strip()!r} is no trip; write one like 2026-05-10 12:00=America/New_York"
        raise ValueError(msg)
    utc = at.astimezone(UTC) if at.tzinfo else at
    return f"{utc:%Y-%m-%d %H:%M:%S}={zone}"


def _sentence(problem: dict[str, Any]) -> str:
    """Return one problem plainly, the variable's name first; the value itself is not repeated (it may be a secret)."""
    names = [str(part).upper() for part in problem["loc"]]
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{names[0]}: {message[0].lower() + message[1:]}" if names else message


def _absolute(path: Path) -> Path:
    expanded = path.expanduser()
    return expanded if expanded.is_absolute() else project_root() / expanded
