"""The chain of models: who answers when one can't, what is cut, what it took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.errors import LLMError, ModelUnavailable
from pipelines.llms import load_llm
from pipelines.llms.budget import count_tokens
from pipelines.llms.completing import complete
from pipelines.llms.contract import LLM, LLMSettings, Prompt, Usage
from pipelines.llms.fallback import Chain
from pipelines.llms.prompts import chat_messages
from pipelines.providers.retrying import Timeouts
from pipelines.types import Hit, TextLocator
from tests.support.anthropic_server import AnthropicServer
from tests.support.openai_replies import Failure, Reply, Stall
from tests.support.openai_server import OpenAIServer


def hit(text: str, score: float = 1.0, title: str = "Manual") -> Hit:
    return Hit(
        fragment_id="f",
        version_id="v",
        source_id="s",
        title=title,
        filename="manual.pdf",
        source_type="pdf",
        score=score,
        ordinal=0,
        text=text,
        kind="text",
        locators=(TextLocator(start=0, end=len(text)),),
    )


def prompt(hits: list[Hit] | None = None, history: tuple[tuple[str, str], ...] = ()) -> Prompt:
    hits = hits or [hit("The motor draws 450 watts.")]
    question = "How many watts does the motor draw?"
    instructions = "Answer briefly."
    messages = chat_messages(question, hits, history, instructions)
    return Prompt(question, hits, messages, history, instructions)


@pytest.fixture
def first() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def second() -> Iterator[AnthropicServer]:
    with AnthropicServer() as server:
        yield server


@pytest.fixture
def chain(first: OpenAIServer, second: AnthropicServer, tmp_path: Path) -> Chain:
    return chain_of(first, second, "openai:gpt-5-mini", "anthropic:claude-haiku-4-5")


def chain_of(
    first: OpenAIServer, second: OpenAIServer, *names: str, context: int = 0, priced: bool = True
) -> Chain:
    times = Timeouts(first_token=5, silence=5)

    def load(name: str) -> LLM:
        server = second if name.startswith("anthropic") else first
        return load_llm(
            name, LLMSettings(server.base_url, SecretStr(server.api_key), timeouts=times)
        )

    return Chain(
        names,
        load,
        output_tokens=1000,
        context_tokens=context,
        is_priced=lambda _: priced,
    )


def test_the_first_model_answers_and_its_cost_is_known(chain: Chain, first: OpenAIServer) -> None:
    first.script(["It draws 450 watts [1]."])
    usage = Usage()
    assert "".join(chain.stream(prompt(), usage, Stop())) == "It draws 450 watts [1]."
    assert usage.model == "openai:gpt-5-mini"
    assert usage.notices == []
    counts = usage.counts
    assert counts["completion_tokens"] == 5
    assert "estimated" not in counts
    cost = (counts["prompt_tokens"] * 0.25 + 5 * 2) / 1e6
    assert counts["cost_usd"] == pytest.approx(cost, abs=1e-6)


@pytest.mark.parametrize("failure", [Failure(401), Failure(404), Failure(400)])
def test_the_next_model_answers_when_one_cannot(
    chain: Chain, first: OpenAIServer, second: AnthropicServer, failure: Failure
) -> None:
    first.script([failure])
    second.script(["It draws 450 watts [1]."])
    usage = Usage()
    assert "".join(chain.stream(prompt(), usage, Stop())) == "It draws 450 watts [1]."
    assert usage.model == "anthropic:claude-haiku-4-5"
    assert len(usage.notices) == 1
    assert usage.notices[0].startswith("openai:gpt-5-mini gave no answer (")
    assert "anthropic:claude-haiku-4-5 answered instead" in usage.notices[0]


def test_a_model_that_is_silent_too_long_is_passed_over(
    first: OpenAIServer, second: AnthropicServer
) -> None:
    def load(name: str) -> LLM:
        server = second if name.startswith("anthropic") else first
        times = Timeouts(first_token=0.3)
        return load_llm(
            name, LLMSettings(server.base_url, SecretStr(server.api_key), timeouts=times)
        )

    names = ["openai:m", "anthropic:m"]
    chain = Chain(names, load, output_tokens=100, is_priced=lambda _: True)
    first.script([[Stall()]])
    second.script(["Here."])
    assert "".join(chain.stream(prompt(), Usage(), Stop())) == "Here."
    assert first.wait_for_disconnect()


def test_a_model_without_a_key_is_passed_over(second: AnthropicServer) -> None:
    def load(name: str) -> LLM:
        key = second.api_key if name.endswith("good") else ""
        return load_llm(name, LLMSettings(second.base_url, SecretStr(key)))

    names = ["anthropic:bad", "anthropic:good"]
    chain = Chain(names, load, output_tokens=100, is_priced=lambda _: True)
    second.script(["Here."])
    usage = Usage()
    assert list(chain.stream(prompt(), usage, Stop())) == ["Here."]
    assert "ANTHROPIC_API_KEY" in usage.notices[0]


def test_nothing_is_said_twice(chain: Chain, first: OpenAIServer, second: AnthropicServer) -> None:
    first.script([Reply(("Half an ans",), cut=True)])
    second.script(["Never."])
    usage = Usage()
    words = chain.stream(prompt(), usage, Stop())
    assert next(words) == "Half an ans"
    with pytest.raises(LLMError):
        next(words)
    assert second.requests == []
    assert usage.model == "openai:gpt-5-mini"
    assert usage.counts["estimated"] is True
    assert usage.counts["completion_tokens"] >= 3


def test_when_all_fail_each_says_why(
    chain: Chain, first: OpenAIServer, second: AnthropicServer
) -> None:
    first.script([Failure(404)])
    second.script([Failure(401)])
    with pytest.raises(LLMError) as caught:
        list(chain.stream(prompt(), Usage(), Stop()))
    assert "openai:gpt-5-mini" in str(caught.value)
    assert "ANTHROPIC_API_KEY" in str(caught.value)


def test_a_stop_asks_nobody_else(
    chain: Chain, first: OpenAIServer, second: AnthropicServer
) -> None:
    first.script([[Stall()]])
    stop = Stop()
    stop.set()
    assert list(chain.stream(prompt(), Usage(), stop)) == []
    assert second.requests == []


def test_what_was_said_until_a_stop_is_counted(chain: Chain, first: OpenAIServer) -> None:
    first.script([["One two three ", Stall()]])
    stop, usage = Stop(), Usage()
    words = chain.stream(prompt(), usage, stop)
    assert next(words) == "One two three "
    stop.set()
    assert list(words) == []
    assert usage.counts["estimated"] is True
    assert usage.counts["prompt_tokens"] > 50


def test_no_price_is_made_up(first: OpenAIServer, second: AnthropicServer) -> None:
    for name, priced in (("openai:gpt-5-mini", False), ("openai:unheard-of", True)):
        first.script(["Yes."])
        usage = Usage()
        chain = chain_of(first, second, name, priced=priced)
        list(chain.stream(prompt(), usage, Stop()))
        assert usage.counts["completion_tokens"] == 1
        assert "cost_usd" not in usage.counts


def test_a_dated_version_costs_what_its_model_costs(
    first: OpenAIServer, second: AnthropicServer
) -> None:
    first.script(["Yes."])
    usage = Usage()
    list(chain_of(first, second, "openai:gpt-5-mini-2025-08-07").stream(prompt(), usage, Stop()))
    assert usage.counts["cost_usd"] > 0


def test_the_prompt_is_cut_to_the_model_that_answers(
    first: OpenAIServer, second: AnthropicServer
) -> None:
    hits = [hit(f"Passage {n}. " + "The motor hums along. " * 120, 1 - n / 100) for n in range(20)]
    history = tuple((f"Earlier {n}?", "It was so. " * 100) for n in range(4))
    first.script(["Yes [1]."])
    usage = Usage()
    chain = chain_of(first, second, "openai:small", context=6000)
    list(chain.stream(prompt(hits, history), usage, Stop()))
    sent = first.requests[0].body["messages"]
    assert sum(count_tokens(message["content"]) for message in sent) <= 6000 - 1000
    assert '<passage number="1"' in sent[-1]["content"]
    assert '<passage number="20"' not in sent[-1]["content"]
    assert "passages did not fit" in usage.notices[0]
    assert "Earlier 3?" in sent[-1]["content"]
    assert "Earlier 0?" not in sent[-1]["content"]


def test_a_prompt_that_is_too_long_after_all_is_halved(
    first: OpenAIServer, second: AnthropicServer
) -> None:
    hits = [hit("The motor hums along. " * 120, 1 - n / 100) for n in range(20)]
    too_long = Failure(400, "This model's maximum context length is 4096 tokens.")
    first.script([too_long, "Yes [1]."])
    chain = chain_of(first, second, "openai:small")
    assert "".join(chain.stream(prompt(hits), Usage(), Stop())) == "Yes [1]."
    whole, half = (len(r.body["messages"][-1]["content"]) for r in first.requests)
    assert half < 0.65 * whole


def test_a_model_that_never_ends_is_cut_off(first: OpenAIServer, second: AnthropicServer) -> None:
    first.script([["word " * 1000] * 200])
    usage = Usage()
    said = "".join(chain_of(first, second, "openai:m").stream(prompt(), usage, Stop()))
    assert 100_000 <= len(said) < 120_000
    assert "cut off" in usage.notices[-1]


def test_own_models_cost_nothing(tmp_path: Path) -> None:
    replies = tmp_path / "replies.md"
    replies.write_text("One.\n--- message\nTwo.\n")
    names = [f"mock:{replies}"]
    mock = load_llm(names[0], LLMSettings())
    chain = Chain(names, lambda _: mock, output_tokens=10, is_priced=lambda _: True)
    usage = Usage()
    said = ["".join(chain.stream(prompt(), usage, Stop())).strip() for _ in range(3)]
    assert said == ["One.", "Two.", "One."]
    assert usage.counts == {}


def test_a_model_that_nobody_knows_is_named() -> None:
    def load(name: str) -> LLM:
        return load_llm(name, LLMSettings())

    chain = Chain(["poet:m"], load, output_tokens=10, is_priced=lambda _: True)
    with pytest.raises(ModelUnavailable, match="poet"):
        list(chain.stream(prompt(), Usage(), Stop()))


def test_complete_gives_the_whole_text_and_no_more(chain: Chain, first: OpenAIServer) -> None:
    messages = [{"role": "user", "content": "A title?"}]
    first.script(["  A short title. ", ["word "] * 100])
    assert complete(chain, messages) == "A short title."
    assert len(complete(chain, messages, longest=50)) <= 50
    assert first.requests[0].body["messages"] == messages
