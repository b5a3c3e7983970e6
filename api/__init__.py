"""The REST API, /api/v1. It calls the same services as the chat, with the same permissions."""
