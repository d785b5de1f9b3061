"""A run: one turn of the agent in one conversation, from claiming what is new to committing the reply."""
