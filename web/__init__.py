"""Pages for browsers and addresses for machines."""
