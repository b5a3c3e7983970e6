"""Whether the whole thing works: what is looked at, and what it means for an operator."""
