"""Which Prefect server the commands talk to, and the one that is started here."""
