"""A run: what it is, what it did, what it cost, and what there is to do for one."""
