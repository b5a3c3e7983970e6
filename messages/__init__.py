"""What may be said: messages within WhatsApp's limits, and the words they are made of."""
