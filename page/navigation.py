"""The pages that every page links to: the menu above, in its order, and those about the numbers below every page.

A new page gets one line here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; `section` is the first part of the paths that belong to it."""

    label: str
    path: str
    section: str


MENU = (
    Entry("Home", "/", ""),
    Entry("Top lists", "/top/artists", "top"),
    Entry("Calendar", "/calendar", "calendar"),
    Entry("Clock", "/clock", "clock"),
    Entry("Map", "/map", "map"),
    Entry("Taste", "/taste", "taste"),
    Entry("Finds", "/finds", "finds"),
    Entry("Habits", "/habits", "habits"),
    Entry("Review", "/year", "year"),
    Entry("Compare", "/compare", "compare"),
    Entry("Plays", "/plays", "plays"),
    Entry("Search", "/search", "search"),
)
ABOUT_THE_NUMBERS = (
    Entry("Completeness", "/completeness", "completeness"),
    Entry("Why numbers differ", "/why", "why"),
    Entry("What is counted as one", "/merges", "merges"),
    Entry("Sources and licences", "/about", "about"),
)
