"""Where Cleo hears and speaks: one package per messenger."""
