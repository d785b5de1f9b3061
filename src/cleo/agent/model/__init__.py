"""The model: what it is sent, how its answers are read, and what goes wrong on the way."""
