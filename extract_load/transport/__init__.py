"""How requests leave: a deadline and a size for every answer, credentials from the caller alone."""
