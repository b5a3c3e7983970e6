"""Members: their addresses, their names, whether a number is still theirs, and what they have chosen."""
