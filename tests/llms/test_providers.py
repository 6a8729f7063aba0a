"""Each provider against a server that speaks its protocol, talked to by the vendor's own SDK."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.errors import LLMError, ModelUnavailable
from pipelines.llms import load_llm
from pipelines.llms.contract import LLMSettings, Prompt, Usage
from pipelines.providers.retrying import Timeouts
from tests.support.anthropic_server import AnthropicServer
from tests.support.openai_replies import Failure, Pause, Raw, Reply, Stall
from tests.support.openai_server import OpenAIServer

PROMPT = Prompt(
    "Where?",
    (),
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where does it say so?"},
    ],
)
NOW = Failure(429, headers={"Retry-After": "0"})


@pytest.fixture(params=["openai", "google", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server(provider: str) -> Iterator[OpenAIServer]:
    with AnthropicServer() if provider == "anthropic" else OpenAIServer() as running:
        yield running


def settings(server: OpenAIServer, **timeouts: float) -> LLMSettings:
    return LLMSettings(server.base_url, SecretStr(server.api_key), timeouts=Timeouts(**timeouts))


def said(
    provider: str, server: OpenAIServer, usage: Usage | None = None, **timeouts: float
) -> list[str]:
    llm = load_llm(f"{provider}:test-model", settings(server, **timeouts))
    return list(llm.stream(PROMPT, usage or Usage(), Stop()))


def test_text_comes_piece_by_piece_with_its_usage(provider: str, server: OpenAIServer) -> None:
    server.script([["On page ", "3 [", "1]."]])
    usage = Usage()
    assert said(provider, server, usage) == ["On page ", "3 [", "1]."]
    assert usage.counts["completion_tokens"] == 4
    assert usage.counts["prompt_tokens"] > 0
    assert usage.notices == []
    sent = server.requests[0].body
    assert sent["model"] == "test-model"
    assert sent["messages"][-1] == PROMPT.messages[-1]
    assert "Be brief." in str(sent)


@pytest.mark.parametrize("failure", [NOW, Failure(500), Failure(529), Failure(503)])
def test_what_may_pass_is_asked_again(
    provider: str, server: OpenAIServer, failure: Failure
) -> None:
    server.script([failure, "At last."])
    assert "".join(said(provider, server)) == "At last."
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Failure(401), "_API_KEY"),
        (Failure(403), "_API_KEY"),
        (Failure(404), "does not know this model"),
        (Failure(400, "secret words"), "HTTP 400"),
        (Failure(429, code="insufficient_quota"), "wants to be paid"),
    ],
)
def test_what_no_retry_changes_is_told_at_once(
    provider: str, server: OpenAIServer, failure: Failure, told: str
) -> None:
    if provider == "anthropic" and failure.code:
        failure = Failure(402, type="billing_error")
    server.script([failure, "Never."])
    with pytest.raises(LLMError, match=told) as caught:
        said(provider, server)
    assert "secret words" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_wait_longer_than_there_is_time_is_not_begun(provider: str, server: OpenAIServer) -> None:
    server.script([Failure(429, headers={"Retry-After": "3600"}), "Never."])
    with pytest.raises(LLMError, match="over its limit"):
        said(provider, server)
    assert len(server.requests) == 1


def test_a_server_that_stays_in_trouble_is_given_up(provider: str, server: OpenAIServer) -> None:
    server.script([NOW] * 10)
    with pytest.raises(LLMError, match="over its limit"):
        said(provider, server)
    assert len(server.requests) == 4


def test_a_stream_that_breaks_is_not_told_twice(provider: str, server: OpenAIServer) -> None:
    server.script([Reply(("Half an ans",), cut=True), "Never."])
    llm = load_llm(f"{provider}:test-model", settings(server))
    words = llm.stream(PROMPT, Usage(), Stop())
    assert next(words) == "Half an ans"
    with pytest.raises(LLMError):
        next(words)
    assert len(server.requests) == 1


def test_a_stream_that_ends_before_its_end_is_no_answer(
    provider: str, server: OpenAIServer
) -> None:
    server.script([Reply(("Half an ans",), ended=False)])
    with pytest.raises(LLMError, match="broke off"):
        said(provider, server)


def test_an_overload_told_within_the_stream_is_asked_again(
    provider: str, server: OpenAIServer
) -> None:
    kind = "overloaded_error" if provider == "anthropic" else "server_error"
    server.script([Reply((), error=kind), "At last."])
    assert "".join(said(provider, server)) == "At last."


@pytest.mark.parametrize(
    "nonsense",
    [
        Raw(b"<html><body>Sign in to the hotel's network</body></html>", "text/html"),
        Raw(b"event: message_start\ndata: {not json\n\n"),
        Raw(b'event: message_start\ndata: {"type": "message_start"}\n\n'),
        Raw(b'event: content_block_delta\ndata: {"choices": 5, "type": "content_block_delta"}\n\n'),
        Raw(b'event: message_stop\ndata: ["a", 1]\n\n'),
        Raw(b"\xff\xfe\x00data: \xff\n\n"),
        Raw(b""),
    ],
)
def test_nonsense_is_told_as_such(provider: str, server: OpenAIServer, nonsense: Raw) -> None:
    server.script([nonsense] * 4)
    with pytest.raises(LLMError, match=r"_BASE_URL|answered with nothing"):
        said(provider, server)
    assert len(server.requests) == 1


def test_an_empty_answer_is_told(provider: str, server: OpenAIServer) -> None:
    server.script([Reply(())])
    with pytest.raises(LLMError, match="nothing"):
        said(provider, server)


def test_an_answer_cut_off_at_its_length_says_so(provider: str, server: OpenAIServer) -> None:
    server.script([Reply(("Half an ans",), finish_reason="length")])
    usage = Usage()
    said(provider, server, usage)
    assert "cut off" in usage.notices[0]


def test_silence_before_the_first_word_ends(provider: str, server: OpenAIServer) -> None:
    server.script([[Stall()], "Never."])
    with pytest.raises(LLMError, match="said nothing"):
        said(provider, server, first_token=0.3)
    assert server.wait_for_disconnect()
    assert len(server.requests) == 1


def test_silence_in_the_middle_ends(provider: str, server: OpenAIServer) -> None:
    server.script([["Before ", Stall()]])
    llm = load_llm(f"{provider}:test-model", settings(server, silence=0.3))
    words = llm.stream(PROMPT, Usage(), Stop())
    assert next(words) == "Before "
    with pytest.raises(LLMError, match="said nothing"):
        next(words)
    assert server.wait_for_disconnect()


def test_a_slow_reader_is_no_silence(provider: str, server: OpenAIServer) -> None:
    server.script([["one ", Pause(0.05), "two"]])
    llm = load_llm(f"{provider}:test-model", settings(server, silence=0.3))
    words = llm.stream(PROMPT, Usage(), Stop())
    got = [next(words)]
    time.sleep(0.5)
    assert got + list(words) == ["one ", "two"]


def test_a_stop_closes_a_silent_stream(provider: str, server: OpenAIServer) -> None:
    server.script([["Before ", Stall()]])
    stop = Stop()
    llm = load_llm(f"{provider}:test-model", settings(server))
    words = llm.stream(PROMPT, Usage(), stop)
    assert next(words) == "Before "
    threading.Timer(0.2, stop.set).start()
    assert list(words) == []
    assert server.wait_for_disconnect()


def test_a_stop_ends_the_wait_for_another_try(provider: str, server: OpenAIServer) -> None:
    server.script([Failure(429, headers={"Retry-After": "60"}), "Never."])
    stop = Stop()
    llm = load_llm(f"{provider}:test-model", settings(server))

    def stop_once_asked() -> None:
        while not server.requests:
            time.sleep(0.02)
        time.sleep(0.2)
        stop.set()

    threading.Thread(target=stop_once_asked, daemon=True).start()
    assert list(llm.stream(PROMPT, Usage(), stop)) == []
    assert len(server.requests) == 1


def test_closing_the_iterator_closes_the_stream(provider: str, server: OpenAIServer) -> None:
    server.script([["Before ", Stall()]])
    llm = load_llm(f"{provider}:test-model", settings(server))
    words = llm.stream(PROMPT, Usage(), Stop())
    assert next(words) == "Before "
    words.close()
    assert server.wait_for_disconnect()


@pytest.mark.parametrize(
    "refuses", [["temperature"], ["stream_options"], ["temperature", "max_completion_tokens"]]
)
def test_options_that_an_endpoint_refuses_are_left_out_from_then_on(refuses: list[str]) -> None:
    with OpenAIServer(refuses=refuses) as server:
        llm = load_llm("openai:test-model", settings(server))
        server.script(["One.", "Two."])
        assert "".join(llm.stream(PROMPT, Usage(), Stop())) == "One."
        tries = len(server.requests)
        assert tries == 1 + len(refuses)
        assert "".join(llm.stream(PROMPT, Usage(), Stop())) == "Two."
        assert len(server.requests) == tries + 1
        assert not set(refuses) & set(server.requests[-1].body)


def test_a_redirect_is_told_and_not_followed(provider: str, server: OpenAIServer) -> None:
    with OpenAIServer() as elsewhere:
        server.script([Failure(307, headers={"Location": elsewhere.base_url})])
        with pytest.raises(LLMError, match="_BASE_URL"):
            said(provider, server)
        assert elsewhere.requests == []


def test_a_key_never_stands_in_an_error(provider: str, server: OpenAIServer) -> None:
    llm = load_llm(f"{provider}:m", LLMSettings(server.base_url, SecretStr("sk-very-secret")))
    with pytest.raises(LLMError) as caught:
        list(llm.stream(PROMPT, Usage(), Stop()))
    assert "sk-very" not in str(caught.value)


def test_nobody_at_the_address_is_told(provider: str) -> None:
    nobody = LLMSettings(
        "http://127.0.0.1:9/v1", SecretStr("key"), timeouts=Timeouts(first_token=1)
    )
    with pytest.raises(LLMError, match="could not be reached"):
        list(load_llm(f"{provider}:m", nobody).stream(PROMPT, Usage(), Stop()))


@pytest.mark.parametrize("name", ["openai:", "anthropic:", "google:", "poet:m", "mock:/nowhere"])
def test_a_name_that_nobody_provides_is_refused(name: str) -> None:
    with pytest.raises(ModelUnavailable):
        load_llm(name, LLMSettings(api_key=SecretStr("key")))


def test_anthropic_without_a_key_is_not_asked() -> None:
    with pytest.raises(ModelUnavailable, match="ANTHROPIC_API_KEY"):
        load_llm("anthropic:m", LLMSettings())
