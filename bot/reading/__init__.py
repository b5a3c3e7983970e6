"""How a line is read: words, names, slips of a finger, sentences like it, and what is offered where nothing is sure."""
