"""What exists in the simulation: business numbers, templates, files, phones, messages."""
