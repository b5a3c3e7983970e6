"""The REST API, /api/v1: the same services as the chat, with the same permissions."""
