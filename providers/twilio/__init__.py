"""Twilio: messages, contents, media and webhooks."""
