"""Messages within WhatsApp's limits, and the texts they are made of."""
