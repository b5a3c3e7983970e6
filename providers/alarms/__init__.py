"""Ways to tell the operator: e-mail, and a webhook."""
