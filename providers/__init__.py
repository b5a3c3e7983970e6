"""Everything outside: a port (an interface) for each need, and an adapter for each vendor."""
