"""The demo: Cleo as it is, on a WhatsApp that lives in another process of this machine; you are the phone."""
