"""What a sentence says, and whether a proof says it too: the parts of check.py."""
