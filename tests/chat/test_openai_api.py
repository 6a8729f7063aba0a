"""Any chat client: an instrument is a model of the OpenAI API, tried with OpenAI's own SDK."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import httpx
import openai
import pytest

from api.chat import openai_format
from api.chat.append_only import AppendOnly, Differs
from deploy.stack import Stack
from tests.chat.test_client_task_forms import TASKS
from tests.support.client import PASSWORD, Client
from tests.support.documents import NOTES
from tests.support.openai_replies import Failure, Reply, Stall, Thought
from tests.support.openai_server import OpenAIServer

MOTOR = "How many watts does the motor of the mixer draw?"
ANSWER = "The motor draws 450 watts [1]."


@pytest.fixture(scope="module")
def key(admin: Client) -> str:
    return admin.post("/api/api-keys/", json={"name": "Chat client"}).json()["key"]


@pytest.fixture(scope="module")
def sdk(stack: Stack, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key=key) as client:
        yield client


@pytest.fixture(scope="module")
def instrument_of_mixer(admin: Client) -> str:
    instrument = admin.instrument("Mixer")
    admin.add_bytes(instrument, "mixer.md", NOTES)
    return instrument


@pytest.fixture(scope="module")
def model(admin: Client, instrument_of_mixer: str) -> str:
    return f"vouch/{admin.get(f'/api/instruments/{instrument_of_mixer}').json()['slug']}"


def _asked(*said: str) -> list:
    """Messages of the user and the assistant in turn."""
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]


def test_an_instrument_answers_as_a_model(
    sdk: openai.OpenAI, admin: Client, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([ANSWER])
    done = sdk.chat.completions.create(
        model=model, messages=[{"role": "system", "content": "Rhyme."}, *_asked(MOTOR)]
    )
    (choice,) = done.choices
    assert (done.object, done.model, choice.finish_reason) == ("chat.completion", model, "stop")
    text = choice.message.content
    assert text.startswith("The motor draws 450 watts [^1].\n\n[^1]: mixer, ")
    assert "“The motor draws 450 watts.” (verified)" in text
    (citation,) = choice.message.citations
    assert citation["quote"] == "The motor draws 450 watts."
    assert done.vouch["claims"][0]["verdict"] == "verified"
    turn = admin.get(f"/api/chat/turns/{done.vouch['turn_id']}").json()
    assert (turn["question"], turn["citations"]) == (MOTOR, [citation])
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    assert "Rhyme" not in str(llm_server.requests[-1].body)


def test_a_stream_comes_as_openai_sends_it(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([["The motor draws 450 wa", "tts [", "1", "]", ". Code: `a[1]`"]])
    chunks = list(
        sdk.chat.completions.create(
            model=model,
            messages=_asked(MOTOR),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text.startswith(
        "The motor draws 450 watts [^1]. Code: `a[1]` [unproven]\n\n[^1]: mixer, "
    )
    *said, last, usage = chunks
    with_text = [chunk for chunk in said if chunk.choices[0].delta.content]
    assert with_text[-1].citations == with_text[-1].choices[0].delta.citations == last.citations
    assert len([chunk for chunk in said if chunk.choices[0].delta.content]) > 2
    assert {chunk.choices[0].finish_reason for chunk in said} == {None}
    assert last.choices[0].finish_reason == "stop"
    assert last.citations[0]["quote"] == "The motor draws 450 watts."
    assert last.vouch["status"] == "done"
    assert (usage.choices, usage.usage.completion_tokens > 0) == ([], True)
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_raw_stream_ends_with_done(
    stack: Stack, key: str, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([ANSWER])
    answer = httpx.post(
        f"{stack.url}/v1/chat/completions",
        headers={"X-API-Key": key},
        json={"model": model, "messages": _asked(MOTOR), "stream": True},
        timeout=60,
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith(":")]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert '"usage"' not in answer.text


def test_a_follow_up_tells_what_was_said(
    sdk: openai.OpenAI, admin: Client, model: str, llm_server: OpenAIServer
) -> None:
    opening = f"{MOTOR} {uuid.uuid4().hex}"
    llm_server.script([ANSWER])
    first = sdk.chat.completions.create(model=model, messages=_asked(opening))
    said = first.choices[0].message.content
    llm_server.script(["It holds 6.5 litres [1]."])
    parts = [{"type": "text", "text": "And how many litres"}, {"type": "text", "text": "holds it?"}]
    second = sdk.chat.completions.create(
        model=model, messages=[*_asked(opening, said), {"role": "user", "content": parts}]
    )
    messages = str(llm_server.requests[-1].body["messages"])
    assert opening in messages
    assert "The motor draws 450 watts" in messages
    assert "[^1]" not in messages
    assert second.vouch["session_id"] == first.vouch["session_id"]
    turn = admin.get(f"/api/chat/turns/{second.vouch['turn_id']}").json()
    assert turn["question"] == "And how many litres\nholds it?"

    # What the client keeps itself does not fill the user's own list.
    def listed(**params: str) -> set[str]:
        rows = admin.get("/api/chat/sessions/", params={"page_size": 100, **params}).json()
        return {row["session_id"] for row in rows}

    assert first.vouch["session_id"] not in listed()
    assert first.vouch["session_id"] in listed(origin="openai")


def test_models_are_the_instruments_one_may_read(
    sdk: openai.OpenAI, model: str, stack: Stack, member: Client
) -> None:
    assert model in {each.id for each in sdk.models.list()}
    assert sdk.models.retrieve(model).owned_by == "vouch"
    theirs = member.post("/api/api-keys/", json={"name": "Theirs"}).json()["key"]
    with openai.OpenAI(base_url=f"{stack.url}/v1", api_key=theirs) as other:
        assert model not in {each.id for each in other.models.list()}
        with pytest.raises(openai.NotFoundError) as refused:
            other.models.retrieve(model)
        assert refused.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError):
            other.chat.completions.create(model=model, messages=_asked(MOTOR))


def test_a_wrong_key_is_refused(stack: Stack, model: str) -> None:
    for wrong in ("vk_wrong", "sk-wrong"):
        with openai.OpenAI(base_url=f"{stack.url}/v1", api_key=wrong) as client:
            with pytest.raises(openai.AuthenticationError) as refused:
                client.models.list()
            assert refused.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": _asked("Hi", "Hello")}, "messages"),
        ({"messages": [{"role": "user", "content": "  "}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 4001}]}, "messages"),
        ({"messages": [{"role": "poet", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages"),
        ({"n": 2}, "n"),
        ({"model": None}, "model"),
    ],
)
def test_what_can_not_be_asked_is_told_in_their_shape(
    stack: Stack, key: str, model: str, changes: dict, param: str
) -> None:
    body = {"model": model, "messages": _asked(MOTOR), **changes}
    answer = httpx.post(
        f"{stack.url}/v1/chat/completions", headers={"Authorization": f"Bearer {key}"}, json=body
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


def test_every_address_under_v1_errs_in_their_shape(stack: Stack, key: str, model: str) -> None:
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {key}"}) as client:
        answers = {
            404: [client.get("/v1/nowhere"), client.get("/v1/models/gpt-5")],
            405: [client.get("/v1/chat/completions")],
            400: [client.post("/v1/chat/completions", content=b"{")],
        }
        for status, found in answers.items():
            for answer in found:
                assert answer.status_code == status, answer.text
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        # Elsewhere the shape stays what it was.
        assert client.get("/api/nowhere").json()["code"] == 404


def test_cookies_need_the_csrf_header(stack: Stack, model: str, llm_server: OpenAIServer) -> None:
    with httpx.Client(base_url=stack.url, timeout=60) as browser:
        login = {"email": "admin@example.com", "password": PASSWORD, "session_mode": "web"}
        assert browser.post("/api/auth/login", json=login).status_code == 200
        body = {"model": model, "messages": _asked(MOTOR)}
        refused = browser.post("/v1/chat/completions", json=body)
        assert refused.status_code == 401
        assert "X-CSRF-TOKEN" in refused.json()["error"]["message"]
        llm_server.script([ANSWER])
        headers = {"X-CSRF-TOKEN": browser.cookies["csrf_access_token"]}
        answer = browser.post("/v1/chat/completions", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


def test_leaving_a_stream_stops_the_model(
    sdk: openai.OpenAI, admin: Client, model: str, llm_server: OpenAIServer
) -> None:
    left = len(llm_server.disconnects)
    llm_server.script([["The motor ", "draws power. ", "And so ", "on ", Stall()]])
    with sdk.chat.completions.create(model=model, messages=_asked(MOTOR), stream=True) as chunks:
        for chunk in chunks:
            turn_id = chunk.id.removeprefix("chatcmpl-")
            if "power" in (chunk.choices[0].delta.content or ""):
                break
    assert llm_server.wait_for_disconnect(left + 1, timeout=30)
    until = time.monotonic() + 30
    while (turn := admin.get(f"/api/chat/turns/{turn_id}").json())["status"] == "running":
        assert time.monotonic() < until, turn
        time.sleep(0.1)
    assert turn["status"] == "cancelled"
    assert turn["answer"].startswith("The motor draws power.")


@pytest.mark.usefixtures("no_fallback")
def test_a_failing_model_is_told_once(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    before = len(llm_server.requests)
    llm_server.script([Failure(401), Failure(401)])
    with pytest.raises(openai.APIStatusError) as failed:
        sdk.chat.completions.create(model=model, messages=_asked(MOTOR))
    assert (failed.value.status_code, failed.value.code) == (502, "llm_failed")
    assert len(llm_server.requests) == before + 1
    with pytest.raises(openai.APIError, match="OPENAI_API_KEY"):
        list(sdk.chat.completions.create(model=model, messages=_asked(MOTOR), stream=True))


def test_an_idempotency_key_asks_once(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([ANSWER])
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (
        sdk.chat.completions.create(model=model, messages=_asked(MOTOR), extra_headers=headers)
        for _ in range(2)
    )
    assert first.vouch["turn_id"] == second.vouch["turn_id"]


def test_messages_become_a_question_and_what_was_said_before() -> None:
    said = "Yes [^1]\\: it does.\n\n[^1]: a, page 1: “x” (verified)\n\n[^2]: b: “y” (partial)"
    messages = [
        {"role": "assistant", "content": "How can I help?"},
        *_asked("One?", said, "Two?", "Second.", "Three?"),
    ]
    question, history = openai_format.conversation(messages)
    assert question == "Three?"
    assert history == [["One?", "Yes [1]: it does."], ["Two?", "Second."]]


def test_marks_in_pieces_become_footnotes() -> None:
    text = "[1]: a [2][3] `x[1]` [no] [4"
    for size in (1, 2, 3, 50):
        marks = openai_format.Footnoted()
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        said = "".join(marks.feed(piece) for piece in pieces) + marks.end()
        assert said == "[^1]\\: a [^2][^3] `x[1]` [no] [4"


def test_an_answer_begun_anew_is_told_once() -> None:
    heard = AppendOnly()
    assert [heard.add("The motor "), heard.add("draws ")] == ["The motor ", "draws "]
    heard.begin_anew()
    assert [heard.add("The mo"), heard.add("tor draws 450 "), heard.add("watts")] == [
        "",
        "450 ",
        "watts",
    ]
    assert heard.rest_of("The motor draws 450 watts [1].") == " [1]."
    heard.begin_anew()
    with pytest.raises(Differs):
        heard.add("A pump")


def test_citations_come_with_the_last_content_whether_usage_is_asked_for_or_not(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    for options in ({}, {"stream_options": {"include_usage": True}}):
        llm_server.script([ANSWER])
        chunks = sdk.chat.completions.create(
            model=model, messages=_asked(MOTOR), stream=True, **options
        )
        with_text = [c for c in chunks if c.choices and c.choices[0].delta.content]
        assert "[^1]: mixer" in with_text[-1].choices[0].delta.content
        assert with_text[-1].citations[0]["quote"] == "The motor draws 450 watts."
        assert with_text[-1].vouch["status"] == "done"


def test_what_a_model_thinks_is_reasoning_and_no_answer(
    sdk: openai.OpenAI, admin: Client, instrument_of_mixer: str, model: str,
    llm_server: OpenAIServer,
) -> None:  # fmt: skip
    thinking = ["<thi", "nk>It may glow. The cat", " sings.</th", "ink>\n\n", ANSWER]
    llm_server.script([thinking])
    chunks = list(sdk.chat.completions.create(model=model, messages=_asked(MOTOR), stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert thought == "It may glow. The cat sings."
    assert "".join(d.content or "" for d in deltas).startswith("The motor draws 450 watts [^1].")
    turn = admin.get(f"/api/chat/turns/{chunks[-1].vouch['turn_id']}").json()
    assert (turn["reasoning"], len(turn["claims"])) == (thought, 1)

    llm_server.script([Reply((Thought("It may "), Thought("glow."), ANSWER)), ANSWER])
    first = sdk.chat.completions.create(model=model, messages=_asked(MOTOR))
    said = first.choices[0].message
    assert said.reasoning_content == "It may glow."
    # Clients that show it put it in front of what they tell later.
    told = f"<think>{said.reasoning_content}</think>\n{said.content}"
    sdk.chat.completions.create(model=model, messages=_asked(MOTOR, told, "And its bowl?"))
    assert "glow" not in str(llm_server.requests[-1].body)

    body = {"instrument_id": instrument_of_mixer, "q": MOTOR}
    llm_server.script([Reply((Thought("It may glow."), ANSWER))])
    events = list(admin.events("/stream/chat", **body))
    assert [data["t"] for _, name, data in events if name == "reasoning"] == ["It may glow."]
    assert "glow" not in events[-1][2]["answer"]


def test_while_a_vendor_is_asked_again_the_stream_says_so(
    admin: Client, instrument_of_mixer: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([Failure(429, headers={"Retry-After": "0"}), ANSWER])
    events = list(admin.events("/stream/chat", instrument_id=instrument_of_mixer, q=MOTOR))
    waits = [data for _, name, data in events if data.get("stage") == "waiting_for_model"]
    assert [(wait["attempt"], wait["seconds"]) for wait in waits] == [(2, 0)]
    assert "over its limit" in waits[0]["reason"]
    names = [name for _, name, _ in events]
    assert names.index("status") < names.index("token")
    assert names[-1] == "done"


@pytest.mark.parametrize("stream", [True, False])
def test_a_clients_own_task_is_the_models_alone_and_leaves_nothing(
    sdk: openai.OpenAI, admin: Client, model: str, llm_server: OpenAIServer, stream: bool
) -> None:
    def listed(path: str) -> str:
        return admin.get(path).headers["X-Pagination"]

    paths = ("/api/chat/sessions/?origin=openai", "/api/chat/sessions/", "/api/jobs/")
    before = [listed(path) for path in paths]
    llm_server.script(['{"tags": ["mixers"]}'])
    answer = sdk.chat.completions.create(model=model, messages=_asked(TASKS["tags"]), stream=stream)
    if stream:
        chunks = list(answer)
        text = "".join(c.choices[0].delta.content or "" for c in chunks)
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert chunks[-1].vouch == {"task": True}
    else:
        text = answer.choices[0].message.content
        assert answer.vouch == {"task": True}
        assert answer.usage.total_tokens > 0
    assert text == '{"tags": ["mixers"]}'
    sent = llm_server.requests[-1].body["messages"]
    assert sent == [{"role": "user", "content": TASKS["tags"].strip()}] or sent == [
        {"role": "user", "content": TASKS["tags"]}
    ]
    assert [listed(path) for path in paths] == before


def test_a_task_that_fails_is_told(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([Failure(401), Failure(401)])
    with pytest.raises(openai.APIStatusError) as failed:
        sdk.chat.completions.create(model=model, messages=_asked(TASKS["title"]))
    assert failed.value.status_code == 502
    with pytest.raises(openai.APIError, match="OPENAI_API_KEY"):
        list(sdk.chat.completions.create(model=model, messages=_asked(TASKS["de"]), stream=True))


def test_without_a_language_model_a_task_is_refused_and_a_question_is_not(
    sdk: openai.OpenAI, admin: Client, model: str
) -> None:
    path = "/api/llm-defaults/answer"
    assert admin.put(path, json={"model": "extractive"}).status_code == 200
    try:
        for name in ("title", "tags", "follow-up", "queries", "zh"):
            with pytest.raises(openai.BadRequestError, match="language model") as refused:
                sdk.chat.completions.create(model=model, messages=_asked(TASKS[name]))
            assert refused.value.code == "no_language_model"
        done = sdk.chat.completions.create(
            model=model, messages=_asked("Give me a title for the chapter on the motor")
        )
        assert done.vouch["turn_id"]
    finally:
        admin.delete(path)


def test_marks_can_be_switched_off_for_an_instrument(
    sdk: openai.OpenAI, admin: Client, member: Client, instrument_of_mixer: str, model: str,
    llm_server: OpenAIServer,
) -> None:  # fmt: skip
    path = f"/api/instruments/{instrument_of_mixer}"
    assert admin.get(path).json()["mark_unproven"] is True
    assert member.patch(path, json={"mark_unproven": False}).status_code == 404
    llm_server.script(["It can fly to Paris.", "It can fly to Paris."])
    first = sdk.chat.completions.create(model=model, messages=_asked(MOTOR))
    assert first.choices[0].message.content == "It can fly to Paris. [unproven]"
    assert admin.patch(path, json={"mark_unproven": False}).json()["mark_unproven"] is False
    try:
        second = sdk.chat.completions.create(model=model, messages=_asked(MOTOR))
        assert second.choices[0].message.content == "It can fly to Paris."
        assert second.vouch["claims"][0]["verdict"] == "unsupported"
    finally:
        admin.patch(path, json={"mark_unproven": True})


def test_the_sources_answer_where_the_model_can_not(
    sdk: openai.OpenAI, model: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([Failure(404)])
    done = sdk.chat.completions.create(model=model, messages=_asked(MOTOR))
    assert "450 watts" in done.choices[0].message.content
    assert "[unproven]" not in done.choices[0].message.content
    assert "extractive answered instead" in done.vouch["notices"][0]
