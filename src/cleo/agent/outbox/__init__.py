"""Messages on their way out: delivery in order, what became of each, and reminders."""
