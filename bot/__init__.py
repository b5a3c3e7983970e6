"""The conversation: takes one chat line and gives one reply."""
