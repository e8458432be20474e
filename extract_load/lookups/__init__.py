"""Lookup rows derived from rows that are there already: no request is sent."""
