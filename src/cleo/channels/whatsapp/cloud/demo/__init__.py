"""The demo on a simulated Cloud API."""
