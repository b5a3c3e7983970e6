"""How an address of the API is declared, and what happens around each: who asks, limits, kept answers, problems."""
