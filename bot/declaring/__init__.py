"""How a command is declared, and what its handler is handed."""
