"""Background jobs, and the processes that run them: the worker and the clock."""
