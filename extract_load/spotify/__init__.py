"""Spotify: sign-in, polls, exports, and the catalogue."""
