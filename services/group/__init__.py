"""Groups: who is in, who runs them, what they have chosen, and what members may see of each other."""
