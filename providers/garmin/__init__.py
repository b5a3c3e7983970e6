"""Garmin as a source, by a member's sign-in or by a key of the Personal API."""
