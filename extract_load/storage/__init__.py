"""Where data is kept: warehouse, writer lock, spool, day archives, state."""
