"""The scripted server is believable only if the real SDK can't tell the difference."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from tests.support.openai_replies import Failure, Pause, Reply, Stall, Transcript
from tests.support.openai_server import OpenAIServer

QUESTION = [{"role": "user", "content": "Where does it say so?"}]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=server.base_url, api_key=server.api_key, max_retries=2, timeout=10
    ) as sdk:
        yield sdk


def test_a_whole_answer_carries_text_reason_and_usage(server, client):
    server.script(["On page 3, in the second column."])
    answer = client.chat.completions.create(model="test-model", messages=QUESTION)
    assert answer.choices[0].message.content == "On page 3, in the second column."
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 7)
    assert server.requests[0].body["messages"] == QUESTION


def test_a_stream_arrives_delta_by_delta_and_ends_with_usage(server, client):
    server.script([["On page ", Pause(0.01), "3 [", "1].\n\n", "Ünïted"]])
    chunks = list(
        client.chat.completions.create(
            model="m", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert said == ["", "On page ", "3 [", "1].\n\n", "Ünïted", None]
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 5


def test_a_stream_has_no_usage_unless_asked(server, client):
    server.script(["One two."])
    chunks = list(client.chat.completions.create(model="m", messages=QUESTION, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "One two."


def test_the_sdk_retries_after_429_and_500_and_then_succeeds(server, client):
    server.script([Failure(429, headers={"Retry-After": "0"}), Failure(500), "At last."])
    answer = client.chat.completions.create(model="m", messages=QUESTION)
    assert answer.choices[0].message.content == "At last."
    assert [request.path for request in server.requests] == ["/v1/chat/completions"] * 3


def test_errors_arrive_as_the_sdks_own_classes(server, client):
    server.script([Failure(429, "Slow down.", code="rate_limit_exceeded")])
    with pytest.raises(openai.RateLimitError, match="Slow down") as caught:
        client.with_options(max_retries=0).chat.completions.create(model="m", messages=QUESTION)
    assert caught.value.code == "rate_limit_exceeded"
    with pytest.raises(openai.BadRequestError, match="no more replies"):
        client.chat.completions.create(model="m", messages=QUESTION)
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").models.list()


def test_a_client_that_leaves_a_stalled_stream_is_seen(server, client):
    server.script([["Before ", Stall(), "never"]])
    stream = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    assert next(stream).choices[0].delta.content == ""
    assert next(stream).choices[0].delta.content == "Before "
    assert server.disconnects == []
    stream.close()
    assert server.wait_for_disconnect()
    assert server.disconnects == server.requests


def test_a_stream_cut_short_is_an_error_to_the_client(server, client):
    server.script([Reply(("Half an ans",), cut=True)])
    stream = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "Half an ans"]
    with pytest.raises(openai.APIConnectionError):
        next(stream)
    assert server.disconnects == []


def test_closing_the_server_ends_a_stall(server, client):
    server.script([["So", Stall()]])
    stream = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "So"]
    server.close()
    with pytest.raises(openai.APIConnectionError):
        next(stream)


def test_models_are_listed(client):
    assert [model.id for model in client.models.list()] == ["test-model"]


def test_a_transcription_keeps_its_seconds(server, client):
    server.script([Transcript(((0.0, 1.5, "Close the lid."), (1.5, 3.25, "Press start.")))])
    heard = client.audio.transcriptions.create(
        model="whisper-1",
        file=("speech.wav", b"RIFF\x00\r\n\xff"),
        response_format="verbose_json",
        timestamp_granularities=["segment"],
    )
    assert heard.text == "Close the lid. Press start."
    assert [(s.start, s.end, s.text.strip()) for s in heard.segments] == [
        (0.0, 1.5, "Close the lid."),
        (1.5, 3.25, "Press start."),
    ]
    assert heard.duration == 3.25
    sent = server.requests[0]
    assert sent.body["model"] == "whisper-1"
    assert sent.files["file"] == ("speech.wav", b"RIFF\x00\r\n\xff")


def test_pictures_are_taken_as_data_urls(server, client):
    server.script(["A pump.", "A pump."])
    for url, status in (("data:image/jpeg;base64,/9j/4A==", 200), ("http://a.example/b.png", 400)):
        picture = {"type": "image_url", "image_url": {"url": url}}
        question = [{"role": "user", "content": [{"type": "text", "text": "What?"}, picture]}]
        if status == 200:
            client.chat.completions.create(model="m", messages=question)
            assert server.requests[-1].pictures == [b"\xff\xd8\xff\xe0"]
        else:
            with pytest.raises(openai.BadRequestError, match="data URLs"):
                client.chat.completions.create(model="m", messages=question)


def test_a_wordy_model_refuses_seconds(server, client):
    server.script([Transcript(((0.0, 1.5, "Close the lid."),), wordy=True)])
    speech = ("speech.wav", b"RIFF")
    with pytest.raises(openai.BadRequestError, match="not compatible"):
        client.audio.transcriptions.create(model="m", file=speech, response_format="verbose_json")
    assert client.audio.transcriptions.create(model="m", file=speech).text == "Close the lid."
