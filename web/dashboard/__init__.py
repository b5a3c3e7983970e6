"""The dashboard: web pages on which a member sees and changes what is theirs."""
