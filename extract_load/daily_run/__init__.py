"""The steps of a daily run by name: those of the enrichment, and those that ask no service."""
