"""Pages for browsers, addresses for machines, and the `flask …` commands for operators."""
