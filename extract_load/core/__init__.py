"""What everything stands on: settings, errors, results, clock, text, redaction. Imports nothing of the rest."""
