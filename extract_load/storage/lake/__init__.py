"""The adapters of the lake: PostgreSQL and an object store in the place of one file (docs/scaling.md).

Nothing outside opening.py imports this package before WAREHOUSE names a lake; its packages are the extra `lake`.
"""
