"""Meta's Graph API for a business: messages, files, and questions about the account."""
