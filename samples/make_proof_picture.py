"""docs/proof.png: an answer beside the page that proves it, from the stack that runs.

    python -m samples.make_proof_picture

The answer, the quote and the page's picture are the API's own; run it after changing the manual.
"""

from __future__ import annotations

import io
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from deploy import control
from deploy.client import Client
from deploy.datadir import DataDir
from deploy.environment import ROOT

FILE = ROOT / "docs" / "proof.png"
QUESTION = "With what torque is the rotor nut tightened?"
SIZE = (1200, 560)
LEFT = 520
"""Width of the answer's side."""
MARGIN = 40
GREY, INK, GREEN = (105, 112, 120), (28, 32, 36), (24, 121, 78)


def main() -> int:
    record = control.record(DataDir(Path(os.environ.get("VOUCH_DATA") or ROOT / "var")))
    with Client(record["url"]) as client:
        client.sign_in("admin@example.com", os.environ.get("DEMO_PASSWORD") or "vouch-demo")
        turn = _answer(client)
        proof = turn["citations"][0]
        page = client.page_picture(proof["source_id"], proof["locator"]["page"], proof["id"])
    picture = _drawn(turn, proof, Image.open(io.BytesIO(page)).convert("RGB"))
    picture.quantize(128, dither=Image.Dither.NONE).save(FILE, optimize=True)
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {FILE.stat().st_size:,} bytes\n")
    return 0


def _answer(client: Client) -> dict[str, Any]:
    """The turn that answers QUESTION from the sample manual alone."""
    instrument, _ = client.instrument("Halvora C24 manual", "The sample manual")
    upload = client.upload(instrument["id"], ROOT / "samples" / "manual.pdf", lambda _: None)
    if job_id := upload.get("job_id"):
        for _ in client.follow(job_id, 300):
            pass
    asked = list(client.ask(instrument["id"], QUESTION, 90))
    return client.turn(asked[-1][1]["turn_id"])


def _drawn(turn: dict[str, Any], proof: dict[str, Any], page: Image.Image) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    place = proof["locator"]
    y = MARGIN
    for text, size, colour, gap in (
        (QUESTION, 22, GREY, 26),
        (turn["answer"], 28, INK, 40),
        (f"[{proof['number']}]  {proof['filename']}, page {place['page']}", 20, INK, 10),
        (f"“{proof['quote']}”", 20, GREY, 14),
        (proof["verdict"], 20, GREEN, 0),
    ):
        y = _written(pen, text, y, size, colour) + gap
    # The band of the page around the proof, as wide as its side of the picture.
    scale = (SIZE[0] - LEFT) / page.width
    page = page.resize((SIZE[0] - LEFT, round(page.height * scale)), Image.Resampling.LANCZOS)
    middle = (place["boxes"][0][1] + place["boxes"][-1][3]) / 2 * page.height
    top = max(0, min(round(middle - SIZE[1] / 2), page.height - SIZE[1]))
    picture.paste(page.crop((0, top, page.width, top + SIZE[1])), (LEFT, 0))
    pen.line((LEFT, 0, LEFT, SIZE[1]), fill=(210, 214, 218), width=2)
    return picture


def _written(
    pen: ImageDraw.ImageDraw, text: str, y: int, size: int, colour: tuple[int, int, int]
) -> int:
    """Write `text` in lines of the answer's side from `y` down; where it ends."""
    font = ImageFont.load_default(size)
    letters = int((LEFT - 2 * MARGIN) / (size * 0.52))
    for line in textwrap.wrap(text, letters):
        pen.text((MARGIN, y), line, font=font, fill=colour)
        y += round(size * 1.35)
    return y


if __name__ == "__main__":
    sys.exit(main())
