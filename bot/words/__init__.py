"""Splits a line into words before it is read, and holds lists of words."""
