"""Activity files that members send: FIT, TCX and GPX."""
