"""The page of phones."""
