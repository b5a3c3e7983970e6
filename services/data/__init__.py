"""Everything about stored data: copies for members, erasing, how long data is kept, keys, and undo."""
