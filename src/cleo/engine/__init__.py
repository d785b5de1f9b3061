"""Who works on which conversation now."""
