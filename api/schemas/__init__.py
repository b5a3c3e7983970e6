"""What the API accepts and returns, as marshmallow schemas."""
