"""How an endpoint of the API is declared, and what happens around each request: credentials,
limits, kept answers, problems.
"""
