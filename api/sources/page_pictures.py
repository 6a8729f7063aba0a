"""Pages as pictures, drawn outside the API's process from a small cache of PDFs on disk."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from api.errors import refuse
from api.object_store import ObjectMissing
from api.services import Services

SECONDS = 20
CACHE_BYTES = 512 * 2**20
ROOT = Path(__file__).parents[2]


def page_picture(
    services: Services,
    key: str,
    version_id: str,
    page: int,
    width: int,
    boxes: Sequence[Sequence[float]],
) -> bytes:
    """PNG of a page with `boxes` marked; refuses with 404 or 422 in words."""
    path = _cached(services, key, version_id)
    try:
        drawn = subprocess.run(
            [
                sys.executable,
                "-m",
                "pipelines.sandbox.page_pictures",
                str(path),
                str(page),
                str(width),
            ],
            input=json.dumps(boxes).encode(),
            capture_output=True,
            timeout=SECONDS,
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        refuse(422, f"Page {page} takes too long to draw.")
    if drawn.returncode != 0:
        refuse(422, f"Page {page} can't be drawn; open the file itself instead.")
    return drawn.stdout


def cached_pdf(data: Path, version_id: str) -> Path:
    """Where a version's PDF lies while its pages are looked at."""
    return data / "cache" / "pdf" / f"{version_id}.pdf"


def _cached(services: Services, key: str, version_id: str) -> Path:
    path = cached_pdf(services.config.data, version_id)
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        os.close(handle)
        try:
            services.storage.download(key, Path(name))
            os.replace(name, path)
        except ObjectMissing:
            refuse(404, "The file is not kept any more.")
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        _trim(folder, keep=path)
    path.touch()
    return path


def _trim(folder: Path, keep: Path) -> None:
    """Forget the PDFs that were used longest ago once they fill the cache."""
    with contextlib.suppress(FileNotFoundError):
        files = sorted(folder.glob("*.pdf"), key=lambda file: file.stat().st_mtime, reverse=True)
        total = 0
        for file in files:
            total += file.stat().st_size
            if total > CACHE_BYTES and file != keep:
                file.unlink(missing_ok=True)
