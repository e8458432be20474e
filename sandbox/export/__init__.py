"""The listener's exports, as Spotify packs them."""

from sandbox.export.writer import ExportKind, WrittenExport, write_export

__all__ = ["ExportKind", "WrittenExport", "write_export"]
