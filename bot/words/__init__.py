"""A line as words, before anything is understood, and lists of words."""
