"""The demo on the simulated WhatsApp."""
