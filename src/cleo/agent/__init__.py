"""What Cleo does, one file a step of the line."""
