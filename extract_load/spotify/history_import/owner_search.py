"""Find out which of several listeners an export belongs to, by the user name in it or by plays that are known.

A listener is its owner when it carries a user name of theirs, when one of its files was imported for them before, or
when most of the plays that are known of them from its time are in it. Nobody is believed because of what is missing:
when none or two of them are proven, a person has to say whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import registry_of
from extract_load.spotify.history_import.file_reader import FileSummary, MemberReader
from extract_load.spotify.history_import.history_file import Member
from extract_load.spotify.history_import.ownership import OwnershipCheck, Verdict, known_plays
from extract_load.spotify.history_import.spool_writer import find_spooled, header, write_held
from extract_load.spotify.poll_listeners import context_for


class Owners:
    """The listeners whose an export may be, with some known plays of each: read before anything lands."""

    def __init__(self, context: Context, listeners: Sequence[Listener], *, confirmed: bool) -> None:
        self._confirmed = confirmed
        self._contexts = {one.listener_id: context_for(context, one) for one in listeners}
        self._known = {name: [] if confirmed else known_plays(own) for name, own in self._contexts.items()}
        self._registered = [one.listener_id for one in registry_of(context.settings)]

    @property
    def ids(self) -> str:
        """The ids of these listeners, for a sentence."""
        return ", ".join(self._contexts)

    def find(self, members: Sequence[Member]) -> Context | None:
        """Return the context of the owner of a download, whose newest file comes first; None when nobody is proven."""
        if len(self._contexts) == 1:
            return next(iter(self._contexts.values()))
        checks = {name: self.check(own) for name, own in self._contexts.items()}
        foreign: set[str] = set()
        for member in members:
            proven = self._look_at(member, checks, foreign)
            if len(proven) == 1:
                return self._contexts[proven.pop()]
        return None

    def check(self, own: Context) -> OwnershipCheck:
        """Return a new check of one download against the known plays of one listener."""
        name = own.settings.listener_id
        others = [one for one in self._registered if one != name]
        return OwnershipCheck(own, self._known[name], confirmed=self._confirmed, others=others)

    def _look_at(self, member: Member, checks: dict[str, OwnershipCheck], foreign: set[str]) -> set[str]:
        """Add one file to the checks, note whose it can't be, and return the ids of those who are proven now."""
        first = next(iter(self._contexts.values()))
        reader = MemberReader(member, first.clock.now())
        try:
            format_ = reader.format()
            if format_ is None:
                return set()
            summary = reader.summarize(format_)
            held = _hold(first, member, reader, summary)
        except BadInput:
            return set()  # the import itself says why
        finally:
            reader.close()
        try:
            return self._judge(held, summary, checks, foreign)
        finally:
            held.unlink(missing_ok=True)

    def _judge(
        self, held: Path, summary: FileSummary, checks: dict[str, OwnershipCheck], foreign: set[str]
    ) -> set[str]:
        proven = set()
        for name, check in checks.items():
            if check.add_file(held, summary.tally.usernames) is Verdict.FOREIGN:
                foreign.add(name)
            if check.is_proven or find_spooled(self._contexts[name].settings.spool_dir, name, summary):
                proven.add(name)
        return proven - foreign


def _hold(context: Context, member: Member, reader: MemberReader, summary: FileSummary) -> Path:
    """Write the rows of a file under a temporary name, redacted, to be compared and removed."""
    settings = context.settings
    first = header(
        *(member.name, summary, ""), listener_id=settings.listener_id, run_id=context.run_id, at=context.clock.now()
    )
    return write_held(settings.spool_dir, first, reader.blocks(summary))
