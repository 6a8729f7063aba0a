"""A still picture of a video, made in a process of its own: the file may be hostile.

python -m pipelines.sandbox.poster VIDEO TARGET.jpg
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

log = logging.getLogger(__name__)

WIDTH = 640


def make(video: Path, target: Path, *, seconds: float) -> bool:
    """Write `target`, a JPEG; False when the video has no picture to show or takes too long."""
    try:
        made = subprocess.run(
            [sys.executable, "-m", "pipelines.sandbox.poster", str(video), str(target)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=seconds,
            cwd=Path(__file__).parents[2],
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("no still picture: the video takes too long to open")
        return False
    return made.returncode == 0 and target.is_file()


def main() -> int:
    from pipelines.media.recordings import poster

    picture = poster(Path(sys.argv[1]))
    if picture is None:
        return 3
    picture.thumbnail((WIDTH, WIDTH))
    picture.convert("RGB").save(sys.argv[2], "JPEG", quality=80)
    return 0


if __name__ == "__main__":
    sys.exit(main())
