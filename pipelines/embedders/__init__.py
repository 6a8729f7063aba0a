"""The forms an embedding model runs in; `pipelines.embedding.load_embedder` chooses one."""
