"""How fast, and how sure: figures of load, and runs on bad days."""
