"""The embedded stack: everything Vouch needs on one machine, without containers or root."""
