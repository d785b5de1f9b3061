"""How a tool is made of a function, and found in a user's modules."""
