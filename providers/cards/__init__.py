"""Pictures: an SVG for each card, and who makes a PNG of it."""
