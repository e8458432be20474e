"""How often the odd things happen: all shares between 0 and 1, to be forced up or down by tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the listener does, and how inexactly the services record it.

    Of music plays: `skip_early` (under 30 s), `skip_late`, `pause` (5 s to 25 min; above 8 min the polls show the play
    twice), `loop` (a track two to six times in a row; of choices), `unlisted` (long plays that polls never show),
    `listed_short` (short ones that they do), `late` (shown 10 min to 4 h late), `local` (local files), `removed`
    (content without names in the export). Of sessions: `offline`, `private`, `spoken` (a podcast or a chapter first).
    Of offline sessions: `synced` (ts is the moment of the sync, the start is given) and `lost` (the start is junk,
    too). `start_stamped`: of web player sessions, polls show the start. `relinked`: of tracks, polls give another id.
    Of export rows: `exact_duplicate`, `near_duplicate` (2 to 9 s later).
    """

    skip_early: float = 0.13
    skip_late: float = 0.06
    pause: float = 0.035
    loop: float = 0.03
    unlisted: float = 0.015
    listed_short: float = 0.03
    late: float = 0.015
    local: float = 0.002
    removed: float = 0.001
    offline: float = 0.09
    private: float = 0.012
    spoken: float = 0.22
    synced: float = 0.25
    lost: float = 0.15
    start_stamped: float = 0.25
    relinked: float = 0.04
    exact_duplicate: float = 0.002
    near_duplicate: float = 0.0006
