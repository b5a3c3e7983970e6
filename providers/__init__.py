"""The outside world: one port per need, one adapter per vendor."""
