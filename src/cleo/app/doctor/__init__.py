"""`cleo doctor`: check everything, and say what is wrong and how to mend it."""
