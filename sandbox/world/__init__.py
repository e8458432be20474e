"""The seeded world: areas, artists, catalogue, and a listener with years of plays."""

from sandbox.world.habits import Habits
from sandbox.world.world import World, WorldSettings, this_hour

__all__ = ["Habits", "World", "WorldSettings", "this_hour"]
