"""All truth, in SQL: one file a noun."""
