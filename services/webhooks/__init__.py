"""Sending events to the webhooks of members: what each message contains, and when it is sent."""
