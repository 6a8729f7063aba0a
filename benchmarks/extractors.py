"""Other libraries that read text from PDFs, each run in an environment that is not the product's.

Run as a script by that environment's Python: `extractors.py NAME FILE...` writes one JSON object a
file, `{"file", "text"}`. So it imports nothing of the project, and a library only when it is asked
for one.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable
from pathlib import Path

ENVIRONMENT = Path(__file__).parent / ".env-extractors"
REQUIREMENTS = Path(__file__).parent.parent / "requirements-bench.txt"


def _pypdfium2(path: str) -> str:
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _pypdf(path: str) -> str:
    import pypdf

    # Fonts that it can only read in part are told once a font; the figures show what that costs.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)


def _pdfminer(path: str) -> str:
    from pdfminer.high_level import extract_text

    return str(extract_text(path))


def _pdfplumber(path: str) -> str:
    import pdfplumber

    with pdfplumber.open(path) as document:
        return "\n".join(page.extract_text() or "" for page in document.pages)


def _pdftext(path: str) -> str:
    from pdftext.extraction import plain_text_output

    return str(plain_text_output(path, sort=False))


def _pdf_oxide(path: str) -> str:
    from pdf_oxide import PdfDocument

    document = PdfDocument(path)
    return "\n".join(document.extract_text(index) for index in range(document.page_count()))


def _kreuzberg(path: str) -> str:
    from kreuzberg import extract_file_sync

    return str(extract_file_sync(path).content)


READERS: dict[str, Callable[[str], str]] = {
    "pypdfium2": _pypdfium2,
    "pypdf": _pypdf,
    "pdftext": _pdftext,
    "pdfminer.six": _pdfminer,
    "pdfplumber": _pdfplumber,
    "pdf_oxide": _pdf_oxide,
    "kreuzberg": _kreuzberg,
}


def install() -> None:
    """Makes the environment of the extractors. Raises subprocess.CalledProcessError."""
    venv.create(ENVIRONMENT, with_pip=True)
    (ENVIRONMENT / ".gitignore").write_text("*\n")
    subprocess.run(
        [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "-qr", str(REQUIREMENTS)],
        check=True,
    )


def read_beside(paths: Iterable[Path]) -> dict[str, dict[Path, str]]:
    """Extractor -> file -> its text, for those installed in `ENVIRONMENT` or else beside us.

    A file that an extractor fails on is read as nothing: so would its user have it.
    """
    own = ENVIRONMENT / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    files = [str(path.resolve()) for path in paths]
    found: dict[str, dict[Path, str]] = {}
    for name in READERS:
        run = subprocess.run(
            [python, __file__, name, *files], capture_output=True, text=True, timeout=900
        )
        if run.returncode == 0:
            answers = map(json.loads, run.stdout.splitlines())
            found[name] = {Path(answer["file"]): answer["text"] for answer in answers}
        elif "ModuleNotFoundError" not in run.stderr:
            raise RuntimeError(f"{name} failed: {run.stderr[-2000:]}")
    return found


def main(name: str, files: list[str]) -> None:
    """Reads the files with one extractor; JSON lines to standard output."""
    for file in files:
        try:
            text = READERS[name](file)
        except ModuleNotFoundError:
            raise
        except Exception:  # whatever a library raises, it read nothing
            logging.exception("%s failed on %s", name, file)
            text = ""
        print(json.dumps({"file": file, "text": text}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
