"""The pretend Garmin: sign-in, tokens, and athletes whose weeks look like weeks."""
