"""The backend that talks to the whatsapp-bridge (Baileys) over HTTP."""
