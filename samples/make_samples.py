"""Make the sample files anew: python -m samples.make_samples [manual] [label] [training].

The files are in the repository; run this after changing what they say. It needs the development
requirements, and espeak-ng for the spoken text of the video.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from samples import manual, plate, training

FOLDER = Path(__file__).parent
SAMPLES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "manual": ("manual.pdf", manual.make),
    "label": ("label.png", plate.make),
    "training": ("training.mp4", training.make),
}


def main(arguments: list[str] | None = None) -> int:
    """Make the samples named in `arguments` (default: all); 0, or 1 when one can't be made."""
    parser = argparse.ArgumentParser(prog="python -m samples.make_samples")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SAMPLES))
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(SAMPLES))
    if unknown:
        parser.error(f"no sample is called {', '.join(unknown)}; choose from {', '.join(SAMPLES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or SAMPLES:
        filename, make = SAMPLES[name]
        path = options.out / filename
        try:
            make(path)
        except training.SpeechMissing as error:
            sys.stderr.write(f"{filename}: {error}\n")
            return 1
        sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
