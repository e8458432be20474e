"""Stand-ins of Spotify, MusicBrainz and Nominatim over one seeded world, for the demo and the tests."""
