"""One run: what its parts share, its final state, its report, and orphaned runs that are marked crashed."""
