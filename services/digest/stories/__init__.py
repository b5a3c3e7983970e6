"""The text of a digest: it finds facts about a group's days and writes about the best of them."""
