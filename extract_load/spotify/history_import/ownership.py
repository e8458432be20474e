"""Check whose export it is: another listener's is refused unless the user confirms that it is theirs.

Old rows carry a user name, of which a keyed hash is kept in the state, bound to the listener. Newer rows carry none:
then plays that are known from polls or earlier exports, and that lie in the time which the export covers, should be in
it. If hardly any is, it is another person's. With nothing to compare, the export is believed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.instants import parse_instant_sql
from extract_load.storage.duckdb_connection import file_literal, open_duckdb, open_published
from extract_load.storage.ports import State
from extract_load.storage.writer_lock import WarehouseBusy

ENOUGH_PLAYS = 10
FOREIGN_BELOW = 0.2
OWN_FROM = 0.5
NEAR = timedelta(seconds=120)
_SAMPLE = 400

_KNOWN_PLAYS = f"""
with polled as (
    select payload ->> '$.track.uri' as uri, payload ->> '$.track.name' as title, played_at as ended_at
    from raw.spotify_recently_played
    where listener_id = $listener
    order by played_at desc
    limit {_SAMPLE}
),
exported as (
    select
        payload ->> '$.spotify_track_uri' as uri,
        coalesce(payload ->> '$.master_metadata_track_name', payload ->> '$.trackName') as title,
        {parse_instant_sql("coalesce(payload ->> '$.ts', payload ->> '$.endTime')")} as ended_at
    from (
        select payload from raw.spotify_streaming_history
        where listener_id = $listener
        using sample {_SAMPLE} rows (reservoir, 7)
    )
)
select uri, lower(title), ended_at from (from polled union all from exported)
where ended_at is not null and if(uri is null, title is not null, uri like 'spotify:track:%')
"""

_PUBLISHED_PLAYS = f"""
select 'spotify:track:' || tracks.spotify_track_id, lower(tracks.track_name), plays.ended_at
from (
    select * from marts.fct_plays
    where listener_id = $listener
    using sample {2 * _SAMPLE} rows (reservoir, 7)
) as plays
inner join marts.dim_track as tracks on plays.track_key = tracks.track_key
where tracks.track_name is not null
"""

# A client may stamp a poll's item with the start. Account data knows no tracks, only their titles.
_COMPARE = """
with rows as (
    select
        json ->> '$.spotify_track_uri' as uri,
        lower(coalesce(json ->> '$.master_metadata_track_name', json ->> '$.trackName')) as title,
        {ended_at} as ended_at,
        coalesce(json ->> '$.ms_played', json ->> '$.msPlayed', '0') as ms_played,
        ended_at - to_milliseconds(coalesce(try_cast(ms_played as bigint), 0)) as started_at
    from read_ndjson_objects({literal}, compression = 'gzip')
),
span as (select min(ended_at) as first, max(ended_at) as last from rows),
known as (
    select
        unnest(range(len($uris))) as number, unnest($uris) as uri, unnest($titles) as title, unnest($times) as ended_at
),
alike as (
    select known.number, known.ended_at as known_at, rows.started_at, rows.ended_at
    from known inner join rows on known.uri = rows.uri
    union all
    select known.number, known.ended_at as known_at, rows.started_at, rows.ended_at
    from known inner join rows on known.title = rows.title
    where known.uri is null or rows.uri is null
),
matched as (
    from alike select distinct number
    where
        abs(epoch(ended_at) - epoch(known_at)) <= {near}
        or abs(epoch(started_at) - epoch(known_at)) <= {near}
)
select known.number, known.ended_at between span.first and span.last, matched.number is not null, span.last
from known
cross join span
left join matched on known.number = matched.number
"""


_ENDED_AT = parse_instant_sql("coalesce(json ->> '$.ts', json ->> '$.endTime')")

KnownPlay = tuple[str | None, str | None, datetime]  # URI and lower-case title of its track, about when it ended (UTC)


class Verdict(Enum):
    """What is known about the owner so far."""

    OWN = "own"
    OPEN = "open"
    FOREIGN = "foreign"


class OwnershipCheck:
    """The check of one export, file by file, before any of it lands, against the known plays of the listener."""

    def __init__(
        self, context: Context, known: Iterable[KnownPlay], *, confirmed: bool, others: Sequence[str] = ()
    ) -> None:
        self._state = context.state
        self._data_dir = context.settings.data_dir
        self._listener = context.settings.listener_id
        self._now = context.clock.now()
        self._confirmed = confirmed
        self._plays = [] if confirmed else list(known)
        self._covered: set[int] = set()
        self._matched: set[int] = set()
        self._names: set[str] = set()
        self._others = others
        self._has_known_name = False

    @property
    def is_proven(self) -> bool:
        """Whether something says that it is this listener's: a known user name, or enough plays."""
        return self._has_known_name or self._verdict() is Verdict.OWN

    def is_sure(self) -> bool:
        """Return whether the verdict is settled: confirmed, same user name, enough matches, or nothing to compare."""
        return self._confirmed or not self._plays or self._verdict() is Verdict.OWN

    def add_file(self, spooled: Path, usernames: Iterable[bytes]) -> Verdict:
        """Add one file and return the verdict so far; FOREIGN by user name is final."""
        self._names |= {self._hash(name) for name in usernames}
        if not self._confirmed and any(self._names & set(self._known_names(other)) for other in self._others):
            return Verdict.FOREIGN
        known = set(self._known_names(self._listener))
        if self._names and known and not self._confirmed:
            if not self._names & known:
                return Verdict.FOREIGN
            self._has_known_name = True
            self._plays = []
        if self._plays and not self.is_sure():
            self._compare(spooled)
        return self._verdict()

    def final_verdict(self) -> Verdict:
        """Return the verdict after the last file."""
        if self._confirmed or len(self._covered) < ENOUGH_PLAYS:
            return Verdict.OWN
        return Verdict.FOREIGN if len(self._matched) < FOREIGN_BELOW * len(self._covered) else Verdict.OWN

    def remember(self) -> None:
        """Bind the user names of an accepted export to the listener, as hashes."""
        known = set(self._known_names(self._listener))
        if self._names - known:
            self._state.put("listener", f"usernames:{self._listener}", sorted(self._names | known), self._now)

    def _verdict(self) -> Verdict:
        if len(self._matched) >= ENOUGH_PLAYS and len(self._matched) >= OWN_FROM * len(self._covered):
            return Verdict.OWN
        return Verdict.OPEN

    def _compare(self, spooled: Path) -> None:
        with open_duckdb(self._data_dir, memory_limit="300MB", threads=1) as connection:
            sql = _COMPARE.format(literal=file_literal(spooled), near=NEAR.total_seconds(), ended_at=_ENDED_AT)
            uris, titles, times = (list(column) for column in zip(*self._plays, strict=True))
            found = connection.execute(sql, {"uris": uris, "titles": titles, "times": times}).fetchall()
        self._covered |= {number for number, covered, _, _ in found if covered}
        self._matched |= {number for number, _, matched, _ in found if matched}
        last = found[0][3] if found else None
        if last is not None and all(at > last for at in times):
            self._plays = []  # the newest file comes first: what is known is later than all of this export

    def _hash(self, name: bytes) -> str:
        return name_hash(self._state, name, self._now)

    def _known_names(self, listener_id: str) -> list[str]:
        return self._state.get("listener", f"usernames:{listener_id}") or []


def name_hash(state: State, name: bytes, at: datetime) -> str:
    """Return the keyed hash of a user name; the key is made once and stays in the state."""
    key = state.get("listener", "hash_key")
    if not key:
        key = secrets.token_hex(16)
        state.put("listener", "hash_key", key, at)
    return hashlib.blake2b(name, key=bytes.fromhex(key), digest_size=16).hexdigest()


def known_plays(context: Context) -> list[KnownPlay]:
    """Return some plays of the listener that are known; the published ones while another has the warehouse.

    Errors: ServiceUnavailable when neither can be read: without them a stranger's export would be accepted.
    """
    settings = context.settings
    if not settings.warehouse_path.exists():
        return []
    listener, published = {"listener": settings.listener_id}, settings.published_path
    try:
        wait = 2 if published.exists() else None
        with context.warehouse.open("looking whose export it is", wait_seconds=wait) as connection:
            return connection.execute(_KNOWN_PLAYS, listener).fetchall()
    except WarehouseBusy as busy:
        if not published.exists():
            raise ServiceUnavailable(
                f"Whose export it is can't be looked up: {busy.message}",
                hint="Import it again later, or with --confirm-listener if it is yours.",
            ) from None
    with open_published(settings) as connection:
        return connection.execute(_PUBLISHED_PLAYS, listener).fetchall()
