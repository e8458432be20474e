"""The commands of this floor, one module a family: ingestion, status."""
