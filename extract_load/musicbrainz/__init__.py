"""Enrichment from MusicBrainz: the identity of the artists, their origin, and their genre tags.

In: `lookup.artist_aliases` and the tracks that were read. Out: matches, artists, areas and genres in `lookup`. Answers
are cached in files first and landed as rows second; requests are sent in full batches, one at a time, throttled to the
rate limit of the settings.
"""
