"""The application: settings, the composition root, HTTP, command line."""
