"""Pages over the published file: server-rendered, read-only, light enough for a small machine.

Knows `data/published/music_tracker.duckdb` and `extract_load.core` only: neither Prefect nor dbt nor the warehouse.
`README.md` in this folder says how a page is added.
"""
