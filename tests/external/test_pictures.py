"""Services outside, asked through the real parser process over real HTTP: what they add, and that
a source is read whatever they do."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from api.config import Config, ConfigError
from api.services import Services
from pipelines.cancellation import Stop
from pipelines.chunking import Chunker
from pipelines.errors import Cancelled, SourceUnreadable
from pipelines.external.contract import MAX_ASKS, Desk, Endpoint, plain
from pipelines.sandbox.external_services import OutsideServices
from pipelines.sandbox.parser_process import ParserProcess
from pipelines.types import RecognisedSpan
from tests.support.documents import picture
from tests.support.openai_replies import Failure, Pause, Reply, Stall
from tests.support.openai_server import OpenAIServer
from tests.support.outside_services import parse, segments, transcriber, vision, warnings

ROOT = Path(__file__).parents[2]
RATE = 16_000
SAID = "A steel pump stands on a red plate. A gauge beside it shows 4 bar."


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def process() -> Iterator[ParserProcess]:
    with ParserProcess() as running:
        yield running


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture without any text."""
    path = tmp_path / "photo.png"
    Image.linear_gradient("L").resize((160, 100)).convert("RGB").save(path)
    return path


def test_a_picture_is_described(process: ParserProcess, server: OpenAIServer, photo: Path) -> None:
    server.script([SAID])
    Image.open(photo).resize((1800, 1200)).save(photo)
    parts = parse(process, photo, "image/png", vision(server))
    (caption,) = parts[0].segments
    assert (caption.kind, caption.text) == ("caption", SAID)
    assert caption.locators[0].boxes == ((0.0, 0.0, 1.0, 1.0),)
    assert parts[0].facts["alt_text"] == SAID
    assert parts[0].facts["alt_text_model"] == "openai:sees"
    assert not parts[0].warnings
    (sent,) = server.requests[0].pictures
    seen = Image.open(io.BytesIO(sent))
    assert (seen.format, seen.size) == ("JPEG", (1536, 1024))
    assert server.requests[0].body["model"] == "sees"


def test_what_was_read_and_what_was_seen_stay_apart(
    process: ParserProcess, server: OpenAIServer, tmp_path: Path
) -> None:
    server.script([SAID])
    path = tmp_path / "label.png"
    path.write_bytes(picture("Serial number 4711", "Supply 230 V"))
    (part,) = parse(process, path, "image/png", vision(server))
    assert [segment.kind for segment in part.segments] == ["text", "caption"]
    words = Chunker(lambda texts: [[(0, 1)] * len(text.split()) for text in texts], 200)
    read, seen = words.feed(part)
    assert "4711" in read.text
    assert (seen.kind, seen.text) == ("caption", SAID)
    whole = RecognisedSpan(start=0, end=len(SAID), engine="openai:sees")
    assert seen.recognised == (whole,)


def test_without_a_vision_model_nobody_is_asked(
    process: ParserProcess, server: OpenAIServer, photo: Path
) -> None:
    (part,) = parse(process, photo, "image/png", transcriber(server))
    assert [segment.kind for segment in part.segments] == ["metadata"]
    assert "no vision model is set" in warnings([part], "no_text")[0].message
    assert not server.requests


def test_a_refused_key_is_told_and_not_tried_again(
    process: ParserProcess, server: OpenAIServer, tmp_path: Path
) -> None:
    pages = [Image.new("L", (60, 60), shade) for shade in (40, 90, 140)]
    path = tmp_path / "pages.tiff"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    parts = parse(process, path, "image/tiff", vision(server, key="wrong"))
    told = warnings(parts)
    assert [warning.place for warning in told] == ["page 1", "page 2", "page 3"]
    assert all("refused the key; check VISION_API_KEY" in warning.message for warning in told)
    assert all("wrong" not in warning.message for warning in told)
    assert len(segments(parts, "metadata")) == 3
    assert len(server.requests) == 1


def test_a_busy_service_is_asked_again_when_it_says(
    process: ParserProcess, server: OpenAIServer, photo: Path
) -> None:
    server.script([Failure(429, headers={"Retry-After": "0.1"}), Failure(503), SAID])
    parts = parse(process, photo, "image/png", vision(server))
    assert segments(parts, "caption")[0].text == SAID
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Failure(429, headers={"Retry-After": "3600"}), "over its limit"),
        (Failure(429, code="insufficient_quota"), "wants to be paid"),
        (Failure(404), "check VISION_MODEL"),
        (Failure(400), "did not accept the picture"),
        ("** __ **", "answered without a description"),
        (Reply(("A pu",), finish_reason="content_filter"), "declined"),
    ],
)
def test_what_no_retry_helps_is_told_at_once(
    process: ParserProcess,
    server: OpenAIServer,
    photo: Path,
    reply: Failure | Reply | str,
    told: str,
) -> None:
    server.script([reply, SAID])
    parts = parse(process, photo, "image/png", vision(server))
    assert len(server.requests) == 1
    assert told in warnings(parts)[0].message
    assert segments(parts, "metadata")


def test_a_service_that_is_away_is_told_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, process: ParserProcess, tmp_path: Path
) -> None:
    monkeypatch.setattr("pipelines.providers.retrying.PAUSES", (0.01,))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        away = OutsideServices(
            vision=Endpoint("sees", address), transcriber=Endpoint(), stop=Stop()
        )
        path = tmp_path / "grey.png"
        Image.new("L", (60, 60), 90).save(path)
        parts = parse(process, path, "image/png", away)
    assert "could not be reached" in warnings(parts)[0].message
    assert segments(parts, "metadata")


def test_a_slow_service_is_no_stall(server: OpenAIServer, photo: Path) -> None:
    with ParserProcess() as process:
        assert parse(process, photo, "image/png", transcriber(server))
        process.stall_seconds = 4
        server.script([["A pump ", Pause(4.5), "in grey."]])
        parts = parse(process, photo, "image/png", vision(server))
    assert segments(parts, "caption")[0].text == "A pump in grey."


def stop_when_asked(server: OpenAIServer, stop: Stop) -> None:
    until = time.monotonic() + 60
    while not server.requests and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()


def test_a_stop_breaks_off_a_silent_model(server: OpenAIServer, photo: Path) -> None:
    stop = Stop()
    server.script([["A ", Stall()]])
    with ParserProcess() as process:
        threading.Thread(target=stop_when_asked, args=(server, stop)).start()
        with pytest.raises(Cancelled):
            parse(process, photo, "image/png", vision(server, stop=stop))
        assert server.wait_for_disconnect()
        assert process.pid is None
    with pytest.raises(Cancelled):
        vision(server, stop=stop).describe(b"")


def test_a_parser_that_asks_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, server: OpenAIServer, photo: Path
) -> None:
    monkeypatch.setattr("pipelines.sandbox.parser_process.MAX_ASK_BYTES", 100)
    with ParserProcess() as process:
        with pytest.raises(SourceUnreadable, match="nonsense"):
            parse(process, photo, "image/png", vision(server))
        assert process.pid is None
    assert not server.requests


def test_one_file_gets_so_many_answers() -> None:
    class Sees:
        vision, transcriber = "sees", None

        def describe(self, jpeg: bytes) -> str:
            return "A pump."

    desk = Desk(Sees())  # type: ignore[arg-type]
    answers = [desk.answer({"kind": "describe"}, b"") for _ in range(MAX_ASKS["describe"] + 1)]
    assert answers[-2] == {"text": "A pump."}
    assert "refused" in answers[-1]
    assert "refused" in desk.answer({"kind": "delete"}, b"")
    assert "refused" in Desk(None).answer({"kind": "describe"}, b"")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("A <script>alert(1)</script> pump", "A alert(1) pump"),
        ("&lt;img src=x onerror=y&gt;A pump", "A pump"),
        ("<scr<b>ipt>A pump</scr</b>ipt>", "A pump"),
        (
            "# Pump\n\n- **red**, `steel`\n- ![see](http://evil.example/x.png)",
            "Pump red, steel see",
        ),
        ("A \x1b[31mred\x00 \u202epmup\u202c\u200b", "A [31mred pmup"),
        ("5 < 7 bar, 30 % of 2_000", "5 < 7 bar, 30 % of 2_000"),
        ("سلام می\u200cکنم 日本 🙂", "سلام می\u200cکنم 日本 🙂"),
    ],
)
def test_what_models_write_becomes_plain_text(said: str, kept: str) -> None:
    assert plain(said, 100) == kept


def test_what_models_write_is_cut_after_a_sentence() -> None:
    assert plain("One pump. " * 30, 100) == ("One pump. " * 9).strip()
    assert len(plain("x" * 10**6, 100)) == 100
    assert plain("word " * 100, 50).endswith("word …")


@pytest.mark.parametrize("wrong", [{"VISION_MODEL": "sees"}, {"TRANSCRIBER": "openai:"}])
def test_a_service_nobody_knows_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="openai:MODEL"):
        Config.from_environment(wrong)


def test_openais_key_goes_to_openais_address_only(server: OpenAIServer, photo: Path) -> None:
    config = {"OPENAI_API_KEY": "sk-openai", "VISION_MODEL": "openai:sees"}
    own = {**config, "VISION_BASE_URL": server.base_url}
    sent = []
    for environment in (own, {**config, "OPENAI_BASE_URL": server.base_url}):
        outside = Services(Config.from_environment(environment)).outside(Stop())
        desk = Desk(outside)
        assert desk.names == {"vision": "openai:sees", "transcriber": None}
        desk.answer({"kind": "describe"}, photo.read_bytes())
        (authorization,) = (
            value
            for name, value in server.requests[-1].headers.items()
            if name.lower() == "authorization"
        )
        sent.append(authorization)
    assert sent == ["Bearer not-needed", "Bearer sk-openai"]
    assert "sk-openai" not in repr(Endpoint(api_key=SecretStr("sk-openai")))
