"""E-mails as files: who wrote when about what, the body, the attachments."""
