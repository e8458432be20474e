"""Fixtures of the lake: real servers, a lake for each test."""

from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]
