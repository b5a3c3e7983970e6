"""How a command is declared, and the turn that its handler receives."""
