"""Talks: one chat line in, one reply out."""
