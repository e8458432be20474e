"""Health, alerts, the doctor's checks, and the log of runs."""
