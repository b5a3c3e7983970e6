"""Measurements of speed, and runs with outages that check reliability."""
