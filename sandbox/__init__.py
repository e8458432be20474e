"""Stand-ins of Spotify, MusicBrainz and Nominatim over one seeded world, for the demo and the tests."""

from sandbox.export import WrittenExport, write_export
from sandbox.sandbox import Sandbox
from sandbox.truth import dump_truth, truth_rows
from sandbox.world import Habits, World, WorldSettings, this_hour

__all__ = [
    "Habits",
    "Sandbox",
    "World",
    "WorldSettings",
    "WrittenExport",
    "dump_truth",
    "this_hour",
    "truth_rows",
    "write_export",
]
