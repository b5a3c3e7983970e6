"""The pretend Garmin: sign-in, tokens, and athletes with realistic activities."""
