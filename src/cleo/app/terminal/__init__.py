"""What is shown to the person who runs Cleo: the codes that open a door, in whatever letters the terminal has."""
