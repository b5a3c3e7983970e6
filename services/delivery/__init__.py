"""What is said, from the row in the outbox to its receipts."""
