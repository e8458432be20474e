"""The lowest layer: settings, errors, results, clock, text, redaction. It imports no other package of ours."""
