"""Activities: connected accounts, syncs that keep our rows equal to the source's, points, sums and records."""
