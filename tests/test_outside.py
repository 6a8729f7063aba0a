"""Services outside, asked through the real parser process over real HTTP: what they add, and that
a source is read whatever they do."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from api.config import Config, ConfigError
from api.services import Services
from pipelines.chunking import Chunker
from pipelines.errors import Cancelled, SourceUnreadable
from pipelines.llms.contract import Stop
from pipelines.outside import MAX_ASKS, Desk, Endpoint, Outside, plain
from pipelines.outside_services import OutsideServices
from pipelines.parser_process import ParserProcess
from pipelines.speech.remote import flac
from pipelines.types import ParseOptions, ParseWarning, Part, RecognisedSpan, Segment, TimeLocator
from tests.documents import picture
from tests.openai_replies import Failure, Pause, Reply, Stall, Transcript
from tests.openai_server import OpenAIServer

ROOT = Path(__file__).parent.parent
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


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech from the sample video, five seconds of silence, and the same speech again."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(ROOT / "samples" / "training.mp4")) as container:
        frames = list(container.decode(audio=0))
    blocks = [block.to_ndarray().ravel() for f in frames for block in resampler.resample(f)]
    speech = np.concatenate(blocks)[: 8 * RATE]
    silence = np.zeros(5 * RATE, np.int16)
    path = tmp_path_factory.mktemp("spoken") / "spoken.flac"
    path.write_bytes(flac(np.concatenate([silence, speech, silence, speech])))
    return path


def vision(server: OpenAIServer, *, key: str = "", stop: Stop | None = None) -> Outside:
    endpoint = Endpoint("sees", server.base_url, key or server.api_key)
    return OutsideServices(vision=endpoint, transcriber=Endpoint(), stop=stop or Stop())


def transcriber(server: OpenAIServer) -> Outside:
    endpoint = Endpoint("hears", server.base_url, server.api_key)
    return OutsideServices(vision=Endpoint(), transcriber=endpoint, stop=Stop())


def parse(process: ParserProcess, path: Path, media_type: str, outside: Outside) -> list[Part]:
    options = ParseOptions(outside=outside, transcriber="openai:hears")
    return list(process.parse(path, media_type, options))


def segments(parts: list[Part], kind: str) -> list[Segment]:
    return [segment for part in parts for segment in part.segments if segment.kind == kind]


def warnings(parts: list[Part], code: str = "degraded") -> list[ParseWarning]:
    return [warning for part in parts for warning in part.warnings if warning.code == code]


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
        (Failure(429, code="insufficient_quota"), "over its limit"),
        (Failure(404), "check VISION_MODEL"),
        (Failure(400), "did not accept the picture"),
        ("** __ **", "answered without a description"),
        (Reply(("A pu",), finish_reason="content_filter"), "declined"),
    ],
)
def test_what_no_patience_helps_is_told_at_once(
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
    monkeypatch.setattr("pipelines.openai_service.PAUSES", (0.01,))
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


def test_speech_is_transcribed_between_silences_and_its_seconds_shifted(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    heard = ((0.5, 2.0, "Open the lid."), (2.0, 99.0, "Close it."), (3.0, 4.0, "Thanks for!"))
    judged = {1: {"avg_logprob": -0.5}, 2: {"no_speech_prob": 0.9, "avg_logprob": -1.4}}
    server.script([Transcript(heard, judged=judged)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert parts[0].facts["engine"] == "openai:hears"
    assert not warnings(parts, "low_confidence") + warnings(parts)
    found = segments(parts, "speech")
    assert [segment.text for segment in found] == ["Open the lid.", "Close it."] * 2
    assert [segment.confidence for segment in found[:2]] == [0.819, 0.607]
    assert {segment.engine for segment in found} == {"openai:hears"}
    times = [segment.locators[0] for segment in found]
    assert all(isinstance(time, TimeLocator) for time in times)
    sounds = [request.files["file"] for request in server.requests]
    lengths = []
    for name, data in sounds:
        with av.open(io.BytesIO(data)) as container:
            assert (name, container.format.name) == ("speech.flac", "flac")
            lengths.append(container.duration / 1e6)
    starts = [time.t_start - 0.5 for time in times[::2]]
    assert 4.5 < starts[0] < 6.0
    assert 17.5 < starts[1] < 19.0
    ends = [time.t_end for time in times[1::2]]
    assert ends == pytest.approx([s + n for s, n in zip(starts, lengths, strict=True)], abs=0.05)
    assert all(length < 9 for length in lengths)
    assert server.requests[0].body["response_format"] == "verbose_json"


def test_words_that_the_service_doubts_are_told_with_their_seconds(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    heard = ((0.5, 2.0, "Open the lid."), (2.0, 4.0, "Close the bit."))
    doubted = Transcript(heard, judged={1: {"avg_logprob": -1.1}})
    server.script([Transcript(heard), doubted])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.confidence for segment in segments(parts, "speech")][-1] == 0.333
    (told,) = warnings(parts, "low_confidence")
    assert "hard to hear" in told.message
    begin = segments(parts, "speech")[-1].locators[0].t_start
    assert told.place == ("00:00:00 to 00:00:20" if begin < 20 else "00:00:20 to 00:00:26")


@pytest.mark.parametrize(
    ("language", "code"),
    [("german", "de"), ("Haitian Creole", "ht"), ("fr", "fr"), ("en-US", "en"), ("<b>", None)],
)
def test_the_language_that_the_service_heard_is_told_by_its_code(
    process: ParserProcess, server: OpenAIServer, spoken: Path, language: str, code: str | None
) -> None:
    server.script([Transcript(((0.5, 2.0, "Open the lid."),), language=language)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert parts[-1].facts.get("language") == code


@pytest.mark.parametrize("figure", [None, "-1.5", float("nan")])
def test_a_service_that_does_not_judge_is_neither_believed_nor_doubted(
    process: ParserProcess, server: OpenAIServer, spoken: Path, figure: Any
) -> None:
    judged = {0: {"avg_logprob": figure, "no_speech_prob": None}}
    server.script([Transcript(((0.5, 2.0, "Open the lid."),), judged=judged)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.confidence for segment in segments(parts, "speech")] == [None, None]
    assert {segment.engine for segment in segments(parts, "speech")} == {"openai:hears"}
    assert not warnings(parts, "low_confidence")


def test_a_model_without_seconds_gives_the_words_of_each_stretch(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    server.script([Transcript(((0.0, 1.0, "Open the <b>lid</b>."),), wordy=True)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    found = segments(parts, "speech")
    assert [segment.text for segment in found] == ["Open the lid ."] * 2
    assert 7 < found[0].locators[0].t_end - found[0].locators[0].t_start < 9
    assert found[0].confidence is None
    formats = [request.body["response_format"] for request in server.requests]
    assert formats == ["verbose_json", "json", "json"]


def test_speech_that_was_not_transcribed_is_told_with_its_place(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    server.script([Transcript(((0.5, 2.0, "Open the lid."),)), Failure(404)])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.text for segment in segments(parts, "speech")] == ["Open the lid."]
    (told,) = warnings(parts)
    assert "check TRANSCRIBER" in told.message
    assert told.place is not None
    assert told.place.startswith("00:00:00")

    server.script([Failure(401)])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert segments(parts, "metadata")
    assert not warnings(parts, "no_speech")
    assert "Speech was not transcribed." in warnings(parts)[0].message
    assert "check TRANSCRIBER_API_KEY" in warnings(parts)[0].message


def test_a_parser_that_asks_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, server: OpenAIServer, photo: Path
) -> None:
    monkeypatch.setattr("pipelines.parser_process.MAX_ASK_BYTES", 100)
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
    assert "sk-openai" not in repr(Endpoint(api_key="sk-openai"))
