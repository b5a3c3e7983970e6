"""What the product does: plain functions of a session, what they need, and the time."""
