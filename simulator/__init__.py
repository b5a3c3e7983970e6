"""A pretend world over HTTP: what the vendors do, for the demo, the tests and the bench."""
