"""Words that the check treats by their kind: one file a kind, in it a list for each language."""
