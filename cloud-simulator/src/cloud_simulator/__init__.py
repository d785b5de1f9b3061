"""Meta's Graph API for the WhatsApp Cloud API from the other side, with phones and faults on command."""
