"""Puts the parts together: settings, HTTP, command line."""
