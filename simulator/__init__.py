"""The simulator: a pretend Twilio, a pretend Garmin and phones, over HTTP, for the demo, the tests and the bench."""
