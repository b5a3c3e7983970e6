"""Pictures: an SVG for each chart, and the adapters that turn it into a PNG."""
