"""Meta's own API, which posts into WhatsApp groups."""
