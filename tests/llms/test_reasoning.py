"""What a model thinks is kept apart from what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.errors import LLMError
from pipelines.llms import load_llm
from pipelines.llms.contract import MOST_REASONING, LLMSettings, Usage
from pipelines.llms.fallback import Chain
from pipelines.llms.mock import Mock
from pipelines.llms.reasoning import Reasoning, answer_of, without_reasoning
from pipelines.providers.retrying import Timeouts, Waiting
from tests.llms.test_fallback import prompt
from tests.support.anthropic_server import AnthropicServer
from tests.support.openai_replies import Failure, Pause, Reply, Stall, Thought
from tests.support.openai_server import OpenAIServer


@pytest.fixture(params=["openai", "anthropic"])
def server(request: pytest.FixtureRequest) -> Iterator[OpenAIServer]:
    with AnthropicServer() if request.param == "anthropic" else OpenAIServer() as running:
        yield running


def _llm(server: OpenAIServer, **times: float):
    provider = "anthropic" if isinstance(server, AnthropicServer) else "openai"
    key = SecretStr(server.api_key)
    return load_llm(f"{provider}:m", LLMSettings(server.base_url, key, timeouts=Timeouts(**times)))


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        ("<think>So.</think>Yes.", "Yes.", "So."),
        ("\n <THINK>\nSo.\n</think>\n\nYes.", "Yes.", "\nSo.\n"),
        ("<thinking>a < b </thin</thinking>Yes.", "Yes.", "a < b </thin"),
        ("<think>One</think>\n<think>Two</think>\nYes.", "Yes.", "OneTwo"),
        ("<think></think>Yes.", "Yes.", ""),
        ("Yes <think>no</think>.", "Yes <think>no</think>.", ""),
        ("<thinker>Yes.", "<thinker>Yes.", ""),
        ("<thi", "<thi", ""),
        ("< think>Yes.", "< think>Yes.", ""),
        ("\n\nYes.", "\n\nYes.", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_tags_at_the_beginning_are_reasoning_however_they_come(
    text: str, answer: str, thought: str, size: int
) -> None:
    usage = Usage()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(without_reasoning(pieces, usage, Stop())) == answer
    assert usage.reasoning == thought
    assert answer_of(text) == answer


def test_a_block_that_nothing_closes_is_no_answer() -> None:
    with pytest.raises(LLMError, match="gave no answer"):
        list(without_reasoning(["<think>So it", " goes"], Usage(), Stop()))
    stopped = Stop()
    stopped.set()
    assert list(without_reasoning(["<think>So it"], Usage(), stopped)) == []


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_what_a_server_sends_as_reasoning_is_kept_apart(server: OpenAIServer, name: str) -> None:
    server.script([Reply((Thought("It may ", name), Thought("glow.", name), "Yes ", "[1]."))])
    usage, heard = Usage(), []
    usage.on_reasoning = heard.append
    assert list(_llm(server).stream(prompt(), usage, Stop())) == ["Yes ", "[1]."]
    assert heard == ["It may ", "glow."]
    assert usage.reasoning == "It may glow."


def test_reasoning_is_bounded() -> None:
    usage, heard = Usage(), []
    usage.on_reasoning = heard.append
    pieces = [*(Reasoning("x" * 1000) for _ in range(50)), "Yes."]
    assert list(without_reasoning(pieces, usage, Stop())) == ["Yes."]
    assert len(usage.reasoning) == len("".join(heard)) == MOST_REASONING
    endless = (Reasoning("x" * 10_000) for _ in iter(int, 1))
    with pytest.raises(LLMError, match="on and on"):
        list(without_reasoning(endless, Usage(), Stop()))


def test_who_thinks_is_not_silent(server: OpenAIServer) -> None:
    thoughts = [step for _ in range(8) for step in (Thought("Hm. "), Pause(0.2))]
    server.script([Reply((*thoughts, "Yes."))])
    llm = _llm(server, first_token=0.8, silence=5)
    assert list(llm.stream(prompt(), Usage(), Stop())) == ["Yes."]
    server.script([Reply((Thought("Hm."), Stall()))])
    with pytest.raises(LLMError, match="said nothing"):
        list(_llm(server, silence=0.3).stream(prompt(), Usage(), Stop()))


def test_who_only_thought_is_followed_by_the_next_model(tmp_path: Path) -> None:
    replies = tmp_path / "replies.md"
    replies.write_text("Yes [1].")
    with OpenAIServer() as server:
        server.script([Reply((Thought("Hm."), "<think>More"))])
        models = {"openai:m": _llm(server), "mock:m": Mock(replies)}
        chain = Chain(list(models), models.__getitem__, output_tokens=10, is_priced=lambda _: True)
        usage = Usage()
        assert "".join(chain.stream(prompt(), usage, Stop())) == "Yes [1]."
    assert usage.reasoning == ""
    assert "thought and gave no answer" in usage.notices[0]


def test_each_further_attempt_is_told_before_the_pause(server: OpenAIServer) -> None:
    now = Failure(429, headers={"Retry-After": "0"})
    server.script([now, Failure(503, headers={"Retry-After": "0.2"}), "Yes."])
    usage, told = Usage(), []
    usage.on_waiting = told.append
    assert "".join(_llm(server).stream(prompt(), usage, Stop())) == "Yes."
    assert [(wait.attempt, wait.seconds) for wait in told] == [(2, 0.0), (3, 0.2)]
    assert all(isinstance(wait, Waiting) for wait in told)
    assert "over its limit" in told[0].reason
    assert "HTTP 503" in told[1].reason
