"""The stand-in of MusicBrainz."""
