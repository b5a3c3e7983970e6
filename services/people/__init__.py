"""Members: what they chose, how long what they told us is kept, and how it is given back or forgotten."""
