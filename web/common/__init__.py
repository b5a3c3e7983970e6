"""What the rooms with pages have in common."""
