"""What there is to tell about a group's days: the pool of facts, and the text that is made of the best of them."""
