"""The rules of the health checks: what is examined, and how the results are judged for the operator."""
