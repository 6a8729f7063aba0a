"""Which Fragments may answer a question: by meaning, by words, fused and reranked."""
