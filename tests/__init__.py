"""Tests: they enter by the front door and read back."""
