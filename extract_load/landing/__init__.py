"""Landing: load the files of the spool and the cache into DuckDB, once each, recorded in a manifest.

Rows, rejects and the line in `ops.landed_files` of a file come together, in one transaction, so a kill leaves whole
files landed and the rest for the next run. Landing is idempotent: files are deduplicated by manifest path. Rows that
can't be used go to `ops.rejected_rows` (quarantine, dead letters).
"""

from extract_load.landing.loader import Landing, LandingReport

__all__ = ["Landing", "LandingReport"]
