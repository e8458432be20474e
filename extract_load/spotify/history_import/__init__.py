"""Reading the exports of a listening history, without a request: find, look, redact, count, spool, land."""
