"""Members: who they are, what they are called, which number is theirs, and what they chose."""
