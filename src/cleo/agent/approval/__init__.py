"""The 👍: asking before a tool changes something, reading the answers, and running what was approved, once."""
