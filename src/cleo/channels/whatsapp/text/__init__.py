"""Text for WhatsApp: Markdown to WhatsApp's marks, cut into messages; choices as words."""
