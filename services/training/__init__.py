"""Activities: connecting an account, keeping our rows equal to Garmin's, points, sums and records."""
