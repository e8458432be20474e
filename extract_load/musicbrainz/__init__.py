"""What MusicBrainz knows about the artists: who they are, where they come from, how people tag them.

In: `lookup.artist_aliases` and the tracks that were read. Out: matches, artists, areas and genres in `lookup`. The way
is cache file first, rows second; requests go out in full batches, one at a time, at the pace of the settings.
"""
