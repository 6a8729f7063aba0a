"""Hostile files are opened in processes of their own, which may crash, hang or be bloated."""
