"""The forms an embedding model runs in; `load_embedder` in `embedder.py` chooses one."""
