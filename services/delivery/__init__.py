"""The delivery of messages, from the row in the outbox to its receipts."""
