"""Landing: load the files of the spool and the cache into DuckDB, once each, recorded in a manifest.

Each file is one transaction: rows, rejects and the line in `ops.landed_files` come together or not at all, so a kill
leaves whole files landed and the rest for the next run. Landing is idempotent: files are deduplicated by manifest
path. Rows that can't be used go to `ops.rejected_rows` (quarantine, dead letters).
"""

from extract_load.landing.loader import Landing, LandingReport

__all__ = ["Landing", "LandingReport"]
