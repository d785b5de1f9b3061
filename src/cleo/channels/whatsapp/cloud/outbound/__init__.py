"""Requests to Meta's Graph API, and what their responses mean."""
