"""What retrieval reads of the stores: fragments, words, vectors; which index answers."""
