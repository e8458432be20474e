"""The commands of `music-tracker`, one module a family: ingestion, status, maintenance, demo."""
