"""`cleo demo`: Cleo as it is, on a simulated WhatsApp on this machine, and a chat from the phone's side."""
