"""Tracks, albums and artists from the Spotify catalogue."""
