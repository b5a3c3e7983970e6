"""Groups: who is in, who runs them, what members may see of each other, and what they say to each other."""
