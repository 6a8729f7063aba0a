"""A whole stack with services outside set: pictures are described and speech is transcribed."""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from deploy.stack import Stack
from tests.support.client import Client
from tests.support.documents import picture
from tests.support.openai_replies import Failure, Transcript
from tests.support.openai_server import OpenAIServer

pytestmark = pytest.mark.slow

SAID = "A green lathe with a chuck of brass stands under a window."
SAMPLE = Path(__file__).parents[2] / "samples" / "training.mp4"


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def manager(
    tmp_path_factory: pytest.TempPathFactory, server: OpenAIServer, pytestconfig: pytest.Config
) -> Iterator[Client]:
    env = {
        **os.environ,
        "MODEL_CACHE": str(pytestconfig.cache.mkdir("models")),
        "OPENAI_BASE_URL": server.base_url,
        "OPENAI_API_KEY": server.api_key,
        "VISION_MODEL": "openai:sees",
        "TRANSCRIBER": "openai:hears",
    }
    with Stack(tmp_path_factory.mktemp("vouch"), port=0, env=env) as stack, Client(stack.url) as it:
        it.sign_in("admin@example.com")
        yield it


def test_a_description_answers_is_cited_and_shown(manager: Client, server: OpenAIServer) -> None:
    instrument = manager.instrument()
    server.script([SAID])
    source = manager.add_bytes(instrument, "lathe.png", picture("Serial number 4711"))
    shown = manager.get(f"/api/viewer/image/{source['id']}").json()
    assert (shown["alt_text"], shown["alt_text_model"]) == (SAID, "openai:sees")
    turn = manager.ask(instrument, "Of what is the chuck of the lathe?")
    (citation, *_) = turn["citations"]
    assert citation["quote"] in SAID
    assert citation["locator"]["boxes"] == [[0.0, 0.0, 1.0, 1.0]]
    fragments = manager.get(f"/api/sources/{source['id']}/fragments").json()
    assert {fragment["kind"] for fragment in fragments} == {"text", "caption"}


def test_a_refusal_leaves_what_was_read(manager: Client, server: OpenAIServer) -> None:
    server.script([Failure(401)])
    source = manager.add_bytes(manager.instrument(), "plate.png", picture("Serial number 4712"))
    (warning,) = source["report"]["warnings"]
    assert warning["code"] == "degraded"
    assert "VISION_API_KEY" in warning["message"]
    shown = manager.get(f"/api/viewer/image/{source['id']}").json()
    assert "4712" in shown["alt_text"]
    assert shown["alt_text_model"] is None


def test_speech_is_transcribed_outside(
    manager: Client, server: OpenAIServer, tmp_path: Path
) -> None:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SAMPLE)) as container:
        frames = list(container.decode(audio=0))
    blocks = [block.to_ndarray().ravel() for f in frames for block in resampler.resample(f)]
    path = tmp_path / "spoken.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(np.concatenate(blocks)[: 8 * 16_000].astype("<i2").tobytes())
    instrument = manager.instrument()
    server.script([Transcript(((0.5, 3.0, "The coolant is changed every forty hours."),))])
    source = manager.add(instrument, path)
    assert source["report"]["facts"]["engine"] == "openai:hears"
    turn = manager.ask(instrument, "When is the coolant changed?")
    locator = turn["citations"][0]["locator"]
    assert locator["t_end"] - locator["t_start"] == pytest.approx(2.5, abs=0.02)
