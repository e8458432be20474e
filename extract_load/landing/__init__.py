"""From files to rows: what the spool and the cache hold is landed in DuckDB, once, with a manifest.

Each file is one transaction: rows, rejects and the line in `ops.landed_files` come together or not at all, so a kill
leaves whole files landed and the rest for the next run. Landing the same folder twice adds nothing.
"""

from extract_load.landing.loader import Landing, LandingReport

__all__ = ["Landing", "LandingReport"]
