"""Meta's own API, for posting into WhatsApp groups."""
