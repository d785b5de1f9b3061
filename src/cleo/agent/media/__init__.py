"""Files of a conversation: fetched before a run, shown to models that see."""
