"""The tables as nouns: one class each, over one connection."""
