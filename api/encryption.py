"""Encryption of the little that must be kept for a while and read again."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet


def cipher(secret: str, purpose: str) -> Fernet:
    """A cipher of its own for each purpose, from the application's secret."""
    digest = hashlib.sha256(f"{purpose}\0{secret}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
