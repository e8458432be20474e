"""What ENVIRONMENT stands for: limits per run (entities; None = no limit) and time-outs (seconds).

development has no limits, testing small ones and short time-outs, production reasonable ones.
"""

from __future__ import annotations

from typing import Any, Literal

Environment = Literal["development", "testing", "production"]

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
