"""The two flows that are deployed: `spotify-ingestion` and `daily-etl`."""
