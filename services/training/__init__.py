"""Activities: connecting an account, keeping our rows equal to Garmin's, and what each session earns."""
