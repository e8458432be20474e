"""The parts of the daily run; each can be run alone, by hand, for debugging."""
