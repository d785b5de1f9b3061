"""A strict fake of Meta's Graph server for the WhatsApp Cloud API, with phones in people's hands."""
