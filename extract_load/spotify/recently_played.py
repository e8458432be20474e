"""Poll the newest plays and keep them, whatever the warehouse is doing.

The newest 50 are asked for with no cursor: a cursor would lose items that arrive late. What was answered is spooled
before anything else; the state remembers which items were seen, so overlap and gaps are known without the warehouse.
Landing waits a few seconds for the warehouse at most, and says who has it.
Source: docs/contracts/spotify.md, section 1.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from extract_load.context import Context
from extract_load.core.clock import is_plausible
from extract_load.core.errors import ConfigurationError, MusicTrackerError, ServiceUnavailable
from extract_load.core.failpoints import failpoint
from extract_load.core.instants import FIRST_POSSIBLE, LAST_POSSIBLE, parse_instant
from extract_load.core.redaction import redact
from extract_load.spotify.client import SpotifyClient
from extract_load.spotify.request_policy import SERVICE
from extract_load.storage.opening import open_store
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.state import PollRecord, to_iso
from extract_load.storage.writer_lock import WarehouseBusy

log = logging.getLogger(__name__)

FULL_PAGE = 50
LAND_WAIT_SECONDS = 5.0
_REMEMBERED = 400
_AHEAD = timedelta(days=1)  # a time later than that can't be true: such an item is kept, but bounds no gap


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll brought. `gap` is its bounds (UTC) when plays may be missing; `landed` rows are in the warehouse.

    `waiting_for` says who has the warehouse when the items are only spooled so far. `token_days_left` counts down to
    the next sign-in.
    """

    new: int
    known: int
    outcome: str
    gap: tuple[datetime | None, datetime | None] | None = None
    landed: int = 0
    rejected: int = 0
    waiting_for: str = ""
    token_days_left: int | None = None
    requests: int = 0
    waited_seconds: float = 0.0
    message: str = ""


def poll(context: Context, limit: int = FULL_PAGE, *, land: bool = True) -> PollResult:
    """Ask once for the newest plays (1 to 50), spool them, and `land` them if the warehouse is free.

    A smaller `limit` that would leave a gap asks a second time, for all that Spotify shows. A poll that failed is
    recorded as such. Errors: ConfigurationError (limit, credentials), AuthorizationNeeded, ServiceUnavailable,
    QuotaExhausted.
    """
    if not 1 <= limit <= FULL_PAGE:
        raise ConfigurationError(f"limit is {limit}; Spotify shows between 1 and {FULL_PAGE} plays.")
    at = context.clock.now()
    try:
        client = SpotifyClient(context)
        client.check_account()
        items = _ask(client, limit)
        record = _record(context, at, items, limit)
        if record.outcome == "gap" and limit < FULL_PAGE:
            limit = FULL_PAGE
            items = _ask(client, limit)
            record = _record(context, at, items, limit)
    except MusicTrackerError as error:
        context.state.record_poll(_failed(context, at, error))
        raise
    _spool(context, at, items, limit, record)
    with context.state.transaction():  # once its items are known, no later poll would find this one's gap
        _remember(context, items, at)
        failpoint("poll.in_transaction")
        context.state.record_poll(record)
    result = _landed(context, _result(record)) if land else _result(record)
    days = client.auth.current_token().days_left(at)
    return replace(result, token_days_left=days, requests=client.sent, waited_seconds=client.waited)


def _ask(client: SpotifyClient, limit: int) -> list[Any]:
    items = client.get(lambda api: api.current_user_recently_played(limit=limit)).get("items")
    if not isinstance(items, list):
        raise ServiceUnavailable("Spotify answered without a list of plays.", service=SERVICE)
    return items


def item_key(item: Any) -> str | None:
    """Name an item as the warehouse does, by instant and track; None for what is no item.

    An instant has one text, Spotify's own (`2026-11-20T10:04:00.123Z`), whatever offset it came with.
    """
    if not isinstance(item, dict):
        return None
    at = _played_at(item)
    text = item.get("played_at") if at is None else _spotify_text(at)
    if not isinstance(text, str):
        return None
    track = item.get("track")
    track = track if isinstance(track, dict) else {}
    name = track.get("uri") or track.get("id") or track.get("name") or "unknown"
    return hashlib.sha256(f"{text} {name}".encode("utf-8", "replace")).hexdigest()[:20]


def _record(context: Context, at: datetime, items: list[Any], limit: int) -> PollRecord:
    """Compare with what was seen before: how many are new, and whether plays may be missing in between."""
    seen = _seen(context, at)
    keys = {key for item in items if (key := item_key(item))}
    known = len(keys & seen["keys"])
    times = sorted(_possible_times(items, at))
    oldest, newest = (times[0], times[-1]) if times else (None, None)
    last = seen["newest"]
    gap_from = gap_until = None
    if not keys:
        outcome = "empty"
    elif not seen["keys"]:
        outcome = "first"
    elif known == len(keys):
        outcome = "unchanged"
    elif known:
        outcome = "overlap"
    elif len(seen["keys"] | keys) < limit:  # all that was ever played fits on a page, so nothing fell off its end
        outcome = "short"
    else:
        outcome, gap_from, gap_until = "gap", last, oldest
    return PollRecord(
        poll_id=uuid.uuid4().hex,
        listener_id=context.settings.listener_id,
        run_id=context.run_id,
        polled_at=at,
        outcome=outcome,
        items=len(items),
        new_items=len(keys) - known,
        known_items=known,
        oldest_played_at=oldest,
        newest_played_at=newest,
        gap_from=gap_from,
        gap_until=gap_until,
        message=_sentence(outcome, len(keys) - known, known, gap_from, gap_until),
    )


def _spool(context: Context, at: datetime, items: list[Any], limit: int, record: PollRecord) -> None:
    """Write the answer as a file, unless it is the very one that the last poll brought."""
    answer_hash = _hash(items)
    key = _key("answer", context)
    if not items or context.state.get(SERVICE, key) == answer_hash:
        return
    request = {"endpoint": "recently-played", "limit": limit, "poll_id": record.poll_id}
    envelopes = [
        Envelope(SERVICE, "recently_played", context.run_id, at, item, request, context.settings.listener_id)
        for item in items
    ]
    path = write_envelopes(context.settings.spool_dir, envelopes)
    open_store(context.settings).push([path] if path else [])
    context.state.put(SERVICE, key, answer_hash, at)


def _hash(items: list[Any]) -> str:
    """Return the hash of an answer, the same for every order of its keys."""
    try:
        text = orjson.dumps(items, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # letters or numbers that JSON does not have
        text = orjson.dumps(redact(items), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _landed(context: Context, result: PollResult) -> PollResult:
    try:
        report = context.landing.land_recent(purpose="music-tracker ingest", wait_seconds=LAND_WAIT_SECONDS)
    except WarehouseBusy as busy:
        message = f"{result.message} The plays are kept in the spool and land with the next run: {busy.message}"
        return replace(result, waiting_for=busy.message, message=message)
    key = (SERVICE, "recently_played")
    rejected = report.rejected.get(key, 0)
    unusable = f" {rejected} item(s) could not be used; ops.rejected_rows says why." if rejected else ""
    message = result.message + unusable
    return replace(result, landed=report.landed.get(key, 0), rejected=rejected, message=message)


def _result(record: PollRecord) -> PollResult:
    gap = (record.gap_from, record.gap_until) if record.outcome == "gap" else None
    return PollResult(record.new_items, record.known_items, record.outcome, gap, message=record.message or "")


def _sentence(outcome: str, new: int, known: int, gap_from: datetime | None, gap_until: datetime | None) -> str:
    if outcome == "empty":
        return "Spotify shows no plays at all."
    if outcome == "gap":
        span = f"between {_minute(gap_from)} and {_minute(gap_until)} UTC"
        return f"{new} new plays, none known: plays may be missing {span}; an export that covers this closes the gap."
    return f"{new} new plays, {known} known."


def _minute(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else "the last poll"


def _failed(context: Context, at: datetime, error: MusicTrackerError) -> PollRecord:
    return PollRecord(
        uuid.uuid4().hex, context.settings.listener_id, context.run_id, at, "failed", 0, 0, 0, message=error.message
    )


def _seen(context: Context, at: datetime) -> dict[str, Any]:
    """Return the keys of what was seen, and the newest time of it that can be true."""
    found = context.state.get(SERVICE, _key("seen", context)) or {}
    newest = found.get("newest")
    if newest and newest > str(to_iso(_latest(at))):
        newest = _newest_polled(context, at)
    return {"keys": set(found.get("keys", ())), "newest": datetime.fromisoformat(newest) if newest else None}


def _newest_polled(context: Context, at: datetime) -> str | None:
    sql = "select max(newest_played_at) as newest from polls where listener_id = ? and newest_played_at <= ?"
    newest: str | None = context.state.rows(sql, (context.settings.listener_id, to_iso(_latest(at))))[0]["newest"]
    return newest


def _remember(context: Context, items: Iterable[Any], at: datetime) -> None:
    """Remember which items were seen, the latest few hundred, and how far they reach."""
    found = context.state.get(SERVICE, _key("seen", context)) or {}
    fresh = [key for item in items if (key := item_key(item))]
    keys = list(dict.fromkeys([*fresh, *found.get("keys", ())]))[:_REMEMBERED]
    times = _possible_times(items, at)
    newest = to_iso(max([*times, *filter(None, [_seen(context, at)["newest"]])], default=None))
    context.state.put(SERVICE, _key("seen", context), {"keys": keys, "newest": newest}, at)


def _latest(at: datetime) -> datetime:
    """Return the latest time of a play that can be true; a clock that is wrong judges none."""
    return at + _AHEAD if is_plausible(at) else LAST_POSSIBLE


def _possible_times(items: Iterable[Any], at: datetime) -> list[datetime]:
    """Return the times of the items that can be true, in their order."""
    return [time for item in items if (time := _played_at(item)) and FIRST_POSSIBLE <= time <= _latest(at)]


def _played_at(item: Any) -> datetime | None:
    """Return an item's time, naive UTC, None when it has no usable one."""
    return parse_instant(item.get("played_at")) if isinstance(item, dict) else None


def _spotify_text(at: datetime) -> str:
    return at.isoformat(timespec="auto" if at.microsecond % 1000 else "milliseconds") + "Z"


def _key(name: str, context: Context) -> str:
    return f"{name}:{context.settings.listener_id}"
