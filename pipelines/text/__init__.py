"""Words, sentences and languages, as every part of the pipeline sees them."""
