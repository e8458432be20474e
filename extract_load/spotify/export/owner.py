"""Whose export is it? Somebody else's is refused unless the user says that it is theirs.

Old rows carry a user name, of which a keyed hash is kept in the state, bound to the listener. Newer rows carry none:
then plays that are known from polls or earlier exports, and that lie in the time which the export covers, should be in
it. If hardly any is, it is another person's. With nothing to compare, the export is believed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

import duckdb

from extract_load.enrichment import Context
from extract_load.lock import WarehouseBusy
from extract_load.state import State
from extract_load.warehouse import quoted

ENOUGH_PLAYS = 10
FOREIGN_BELOW = 0.2
OWN_FROM = 0.5
NEAR = timedelta(seconds=120)
_SAMPLE = 400

_KNOWN_PLAYS = f"""
with polled as (
    select payload ->> '$.track.uri' as uri, played_at as ended_at
    from raw.spotify_recently_played
    where listener_id = $listener
    order by played_at desc
    limit {_SAMPLE}
),
exported as (
    select payload ->> '$.spotify_track_uri' as uri, try_cast(payload ->> '$.ts' as timestamp) as ended_at
    from (
        select payload from raw.spotify_streaming_history
        where listener_id = $listener and format <> 'account_data'
        using sample {_SAMPLE} rows (reservoir, 7)
    )
)
select uri, ended_at from (from polled union all from exported)
where uri like 'spotify:track:%' and ended_at is not null
"""

_COMPARE = """
with rows as (
    select json ->> '$.spotify_track_uri' as uri, try_cast(json ->> '$.ts' as timestamp) as ended_at
    from read_ndjson_objects('{path}', compression = 'gzip')
),
span as (select min(ended_at) as first, max(ended_at) as last from rows)
select
    known.number,
    known.ended_at between span.first and span.last,
    exists (
        from rows
        where rows.uri = known.uri and abs(epoch(rows.ended_at) - epoch(known.ended_at)) <= {near}
    ),
    span.last
from (select unnest(range(len($uris))) as number, unnest($uris) as uri, unnest($times) as ended_at) as known
cross join span
"""


KnownPlay = tuple[str, datetime]  # its track's URI, and about when it ended (UTC)


class Verdict(Enum):
    """What is known about the owner so far."""

    OWN = "own"
    OPEN = "open"
    FOREIGN = "foreign"


class Owner:
    """Judges one export, file by file, before any of it lands, by the plays of the listener that are known."""

    def __init__(self, context: Context, known: Iterable[KnownPlay], *, confirmed: bool) -> None:
        self._state = context.state
        self._listener = context.settings.listener_id
        self._now = context.clock.now()
        self._confirmed = confirmed
        self._plays = [] if confirmed else list(known)
        self._covered: set[int] = set()
        self._matched: set[int] = set()
        self._names: set[str] = set()

    def is_sure(self) -> bool:
        """Whether nothing more can change the verdict: confirmed, named alike, enough matched, nothing to compare."""
        return self._confirmed or not self._plays or self._verdict() is Verdict.OWN

    def see(self, spooled: Path, usernames: Iterable[bytes], *, has_uris: bool) -> Verdict:
        """Take in one file and give the verdict so far; FOREIGN by name is final."""
        self._names |= {self._hash(name) for name in usernames}
        known = set(self._state.get("listener", self._key()) or ())
        if self._names and known and not self._confirmed:
            if not self._names & known:
                return Verdict.FOREIGN
            self._plays = []
        if self._plays and has_uris and not self.is_sure():
            self._compare(spooled)
        return self._verdict()

    def final(self) -> Verdict:
        """Give the verdict when all files were seen."""
        if self._confirmed or len(self._covered) < ENOUGH_PLAYS:
            return Verdict.OWN
        return Verdict.FOREIGN if len(self._matched) < FOREIGN_BELOW * len(self._covered) else Verdict.OWN

    def remember(self) -> None:
        """Bind the user names of an accepted export to the listener, as hashes."""
        known = list(self._state.get("listener", self._key()) or ())
        if self._names - set(known):
            self._state.put("listener", self._key(), sorted(self._names | set(known)), self._now)

    def _verdict(self) -> Verdict:
        if len(self._matched) >= ENOUGH_PLAYS and len(self._matched) >= OWN_FROM * len(self._covered):
            return Verdict.OWN
        return Verdict.OPEN

    def _compare(self, spooled: Path) -> None:
        with duckdb.connect(config={"threads": 1, "memory_limit": "300MB"}) as connection:
            sql = _COMPARE.format(path=quoted(spooled), near=NEAR.total_seconds())
            uris, times = [play[0] for play in self._plays], [play[1] for play in self._plays]
            found = connection.execute(sql, {"uris": uris, "times": times}).fetchall()
        self._covered |= {number for number, covered, _, _ in found if covered}
        self._matched |= {number for number, _, matched, _ in found if matched}
        last = found[0][3] if found else None
        if last is not None and all(at > last for at in times):
            self._plays = []  # the newest file comes first: what is known is later than all of this export

    def _hash(self, name: bytes) -> str:
        return name_hash(self._state, name, self._now)

    def _key(self) -> str:
        return f"usernames:{self._listener}"


def name_hash(state: State, name: bytes, at: datetime) -> str:
    """Give the keyed hash of a user name; the key is made once and stays in the state."""
    key = state.get("listener", "hash_key")
    if not key:
        key = secrets.token_hex(16)
        state.put("listener", "hash_key", key, at)
    return hashlib.blake2b(name, key=bytes.fromhex(key), digest_size=16).hexdigest()


def known_plays(context: Context) -> list[KnownPlay]:
    """Give plays of the listener that are known (uri, about its end in UTC); none when the warehouse is busy."""
    if not context.settings.warehouse_path.exists():
        return []
    try:
        with context.warehouse.open("looking whose export it is", wait_seconds=2) as connection:
            found = connection.execute(_KNOWN_PLAYS, {"listener": context.settings.listener_id}).fetchall()
    except WarehouseBusy:
        return []
    return [(str(uri), at) for uri, at in found]
