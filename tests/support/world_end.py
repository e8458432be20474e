"""When the sandbox's world ends in tests that need fixed rows or have an injected clock.

Elsewhere a world ends at the hour of asking, so that its rows depend on the day of the test.
"""

from __future__ import annotations

from datetime import UTC, datetime

WORLD_END = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
