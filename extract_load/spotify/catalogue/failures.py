"""Ids that Spotify fails to answer while it answers others: they wait, ever longer, and hold nothing else up.

Some in a row are no bad ids but an outage: nothing is written of them, and it is told as such. Rows of `lookup.*` keep
what was found before; only their attempts and the time of the next one change. Source: docs/architecture.md, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from extract_load.core.errors import ServiceUnavailable
from extract_load.spotify.catalogue.pending import Kind

OUTAGE = 3

_FAILED = """
merge into lookup.spotify_{kind}s as known
using (select $id as id) as new
on known.spotify_{kind}_id = new.id
when matched then update set
    attempts = known.attempts + 1,
    next_attempt_at = $now + interval 1 day * cast(least(power(2, known.attempts), 32) as integer),
    message = $message
when not matched then insert (spotify_{kind}_id, status, attempts, next_attempt_at, message)
    values (new.id, 'failed', 1, $now + interval 1 day, $message)
"""


@dataclass(slots=True)
class Failures:
    """The failures of one kind in one run; those of `row` were followed by no answer so far."""

    kind: Kind
    settled: list[tuple[str, str]] = field(default_factory=list)
    row: list[tuple[str, str]] = field(default_factory=list)

    def answered(self) -> None:
        """Spotify answers: it was about the ids."""
        self.settled += self.row
        self.row = []

    def failed(self, id_: str, error: ServiceUnavailable) -> None:
        """Note one. Errors: ServiceUnavailable when it is an outage."""
        self.row.append((id_, error.message))
        if len(self.row) >= OUTAGE:
            self.row = []
            raise ServiceUnavailable(
                f"{OUTAGE} {self.kind}s in a row got no answer: {error.message}", service=error.service
            )

    def write(self, connection: duckdb.DuckDBPyConnection, now: datetime) -> int:
        """Let them wait, give how many."""
        self.answered()
        for id_, message in self.settled:
            connection.execute(_FAILED.format(kind=self.kind), {"id": id_, "now": now, "message": message})
        return len(self.settled)
