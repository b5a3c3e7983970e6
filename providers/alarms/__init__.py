"""Ways to tell the operator about a problem: e-mail, and a webhook."""
