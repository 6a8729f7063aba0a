"""What is hostile: files that ask to look elsewhere, and lines of the corpus's lists."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECRET = "quince-7f3a-marmalade"
"""Stands in a file and behind a URL that hostile documents refer to."""


class Trap:
    """A file and a web server that nobody should look at."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.txt"
        self.file.write_text(f"{SECRET}\n")
        self.visits: list[str] = []
        visits = self.visits

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(SECRET.encode())

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/canary"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def documents(self) -> dict[str, bytes]:
        """Files that ask their reader to fetch the canary, by name."""
        file, url = self.file.as_uri(), self.url
        html = (
            f'<html><head><base href="{file}"><link rel="stylesheet" href="{url}.css">'
            f'<script src="{url}.js"></script><meta http-equiv="refresh" content="0;url={url}">'
            f'</head><body><h1>Report</h1><p>Plain words of the report.</p><iframe src="{file}">'
            f'</iframe><img src="{url}.png"><object data="{file}"></object>'
            f'<embed src="{file}"></body></html>'
        )
        markdown = (
            f"# Notes\n\nPlain words of the notes.\n\n![canary]({url}.png)\n\n[canary]({file})\n\n"
            f'<iframe src="{file}"></iframe>\n\n{{% include "{self.file}" %}}\n\n'
            f".. include:: {self.file}\n"
        )
        svg = (
            f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "{file}">]>'
            f'<svg xmlns="http://www.w3.org/2000/svg"><text>&e;</text><image href="{url}"/></svg>'
        )
        playlist = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:{url}|{file}\n"
        return {
            "trap.html": html.encode(),
            "trap.md": markdown.encode(),
            "trap.svg": svg.encode(),
            "trap.mp4": playlist.encode(),
            "trap concat.mp4": f"ffconcat version 1.0\nfile '{self.file}'\n".encode(),
            "trap entity.docx": _docx(f'<!DOCTYPE d [<!ENTITY e SYSTEM "{file}">]>', "&e;"),
            "trap link.docx": _docx("", "Plain words.", external=(file, f"{url}.png")),
        }


def _docx(doctype: str, words: str, external: tuple[str, ...] = ()) -> bytes:
    """A Word document with a document type declaration, or with pictures that lie elsewhere."""
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE

    document = docx.Document()
    document.add_paragraph("WORDS")
    for target in external:
        document.part.relate_to(target, RELATIONSHIP_TYPE.IMAGE, is_external=True)
    plain, out = io.BytesIO(), io.BytesIO()
    document.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w") as target_zip:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                xml = data.decode().replace("WORDS", words)
                data = re.sub(r"(<\?xml.*?\?>)", rf"\1{doctype}", xml, count=1).encode()
            target_zip.writestr(name, data)
    return out.getvalue()


def hostile_lines(corpus: Path, *names: str) -> list[str]:
    """Distinct lines that are not blank."""
    text = "\n".join((corpus / "hostile" / name).read_text() for name in names)
    return list(dict.fromkeys(line for line in text.splitlines() if line.strip()))
