"""What all other rooms of `services/` use: refusals, bells, audit, limits, leases and signs. It imports
none of them.
"""
