"""One run: what its parts share, how it ends, its report, and runs that crashed."""
