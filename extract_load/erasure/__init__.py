"""What a listener asked to have erased: the rules, what a line is about, and how files are rewritten without it."""
