"""Sending events to members' programs: signed by Standard Webhooks, and only to addresses that are allowed."""
