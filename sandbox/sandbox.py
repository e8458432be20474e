"""The sandbox: four stand-ins over one world, started and stopped together.

    with Sandbox(World(seed=7)) as sandbox:
        os.environ.update(sandbox.env)

Four servers listen on 127.0.0.1, on free ports or from `port` upwards: Web API, accounts, MusicBrainz, Nominatim.
"""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Any

from sandbox.musicbrainz.service import MusicBrainz
from sandbox.nominatim import Nominatim
from sandbox.spotify.accounts import SpotifyAccounts
from sandbox.spotify.api import SpotifyApi
from sandbox.spotify.tokens import DEFAULT_SCOPE, Tokens
from sandbox.truth import truth_rows
from sandbox.web.admin import AdminPages
from sandbox.web.clock import Clock
from sandbox.web.faults import Faults
from sandbox.web.request_counts import Counts
from sandbox.web.server import Service, ServiceServer
from sandbox.world.listener import trips
from sandbox.world.world import World


class Sandbox:
    """All stand-ins of one world.

    mode: "development" or "extended" (what the Spotify app may do). rate: requests per second that MusicBrainz and
    Nominatim allow (None = any number). running_clock: the sandbox's time goes on by itself. scope and
    authorized_days_ago: of the refresh token in `env`. open_truth: lets the admin pages show the ground truth.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        mode: str = "development",
        port: int = 0,
        rate: float | None = None,
        running_clock: bool = False,
        scope: str = DEFAULT_SCOPE,
        authorized_days_ago: float = 30,
        open_truth: bool = False,
    ) -> None:
        self.world = world or World()
        seed = self.world.settings.seed
        self.clock = Clock(self.world.settings.now, running=running_clock)
        self.counts = Counts()
        self.faults = Faults(seed, self.clock)
        self.tokens = Tokens(seed, self.clock, scope=scope, authorized_days_ago=authorized_days_ago)
        self.spotify = SpotifyApi(self.world, self.clock, self.tokens, mode=mode)
        self.accounts = SpotifyAccounts(self.clock, self.tokens, self.faults)
        self.musicbrainz = MusicBrainz(self.world, self.faults, rate=rate)
        self.nominatim = Nominatim(self.world, rate=rate)
        truth = self.truth if open_truth else None
        admin = AdminPages(self.clock, self.counts, self.faults, lambda: self.env, truth)
        services: tuple[Service, ...] = (self.spotify, self.accounts, self.musicbrainz, self.nominatim)
        self._servers = {
            service.name: ServiceServer(service, self.faults, self.counts, admin, port + place if port else 0)
            for place, service in enumerate(services)
        }

    def start(self) -> Sandbox:
        """Start serving and return the sandbox."""
        for server in self._servers.values():
            server.start()
        return self

    def stop(self) -> None:
        """Stop serving; requests that hang are released."""
        self.faults.clear()
        for server in self._servers.values():
            server.stop()

    def take_down(self, service: str) -> None:
        """Let connections to a service be refused (spotify, accounts, musicbrainz or nominatim)."""
        self._servers[service].stop()

    def bring_up(self, service: str) -> None:
        """Let a service listen again, on the port that it had."""
        self._servers[service].start()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def spotify_api_url(self) -> str:
        """Return the base of the Web API, with /v1 at the end."""
        return f"{self._servers['spotify'].url}/v1"

    @property
    def spotify_accounts_url(self) -> str:
        """Return the base of the accounts service."""
        return self._servers["accounts"].url

    @property
    def musicbrainz_url(self) -> str:
        """Return the base of MusicBrainz; paths begin with /ws/2/."""
        return self._servers["musicbrainz"].url

    @property
    def nominatim_url(self) -> str:
        """Return the base of Nominatim; the path is /search."""
        return self._servers["nominatim"].url

    @property
    def env(self) -> dict[str, str]:
        """Return the environment that points a music tracker at this sandbox."""
        return {
            "SPOTIFY_CLIENT_ID": self.tokens.client_id,
            "SPOTIFY_CLIENT_SECRET": self.tokens.client_secret,
            "SPOTIFY_REFRESH_TOKEN": self.tokens.refresh_token,
            "SPOTIFY_API_BASE_URL": self.spotify_api_url,
            "SPOTIFY_ACCOUNTS_BASE_URL": self.spotify_accounts_url,
            "MUSICBRAINZ_BASE_URL": self.musicbrainz_url,
            "NOMINATIM_BASE_URL": self.nominatim_url,
            "MUSICBRAINZ_REQUESTS_PER_SECOND": "50",
            "NOMINATIM_REQUESTS_PER_SECOND": "50",
            "CONTACT": "sandbox@example.org",
            "LISTENER_TIMEZONE": self.world.settings.timezone,
            "LISTENER_TRIPS": trips(self.world.plays, self.world.settings.timezone),
        }

    def reset_counts(self) -> None:
        """Reset the counts of what was served."""
        self.counts.reset()

    def truth(self, until: datetime | None = None) -> list[dict[str, Any]]:
        """Return the ground truth: one row per real play that ended by `until` (default: the sandbox's now)."""
        return truth_rows(self.world, until=until or self.clock.now())
