"""What every room above stands on: refusals, bells, audit, limits, leases and signs. Knows no other room."""
