"""What is deleted is gone: from lists, answers, viewer, vectors and the object store."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
from flask import Flask

from tests.support.client import Client
from tests.support.documents import pdf
from tests.support.openai_replies import Pause, Reply, Thought
from tests.support.openai_server import OpenAIServer

QUESTION = "How many kilograms does the anvil weigh?"


def _vectors(app: Flask, instrument: str) -> int:
    from pipelines.retrieval.vector_index import collection_name

    index = app.extensions["services"].index
    prefix = collection_name(instrument, "")
    return sum(
        index._client.get_collection(name).count()
        for name in index.collections()
        if name.startswith(prefix)
    )


def _objects(app: Flask) -> set[str]:
    storage = app.extensions["services"].storage
    return {item.object_name for item in storage._client.list_objects("vouch", recursive=True)}


def _until_gone(count, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while count():
        assert time.monotonic() < end, "something stayed"
        time.sleep(0.1)


def _rows_with(app: Flask, word: str) -> list[str]:
    """Tables that hold the word in any column of any row."""
    from sqlalchemy import text

    from api.extensions import db

    with app.app_context():
        return [
            table.name
            for table in _tables()
            if db.session.scalar(
                text(f"SELECT count(*) FROM {table.name} t WHERE row_to_json(t)::text ILIKE :word"),
                {"word": f"%{word}%"},
            )
        ]


def _tables() -> list[Any]:
    from api.models.base import Base

    return list(Base.metadata.sorted_tables)


def _redis_with(app: Flask, word: str) -> list[str]:
    """Keys of Redis that hold the word in their name or value."""
    redis = app.extensions["services"].redis
    readers = {
        "string": redis.get,
        "list": lambda key: redis.lrange(key, 0, -1),
        "stream": redis.xrange,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "zset": lambda key: redis.zrange(key, 0, -1),
    }
    found = []
    for key in redis.scan_iter():
        read = readers.get(redis.type(key))
        if word in f"{key} {read(key) if read else ''}".lower():
            found.append(key)
    return found


def _chroma_with(app: Flask, *words: str) -> list[str]:
    """Ids of vectors whose metadata or document hold one of the words."""
    index = app.extensions["services"].index
    found = []
    for name in index.collections():
        held = index._client.get_collection(name).get(include=["metadatas", "documents"])
        for id_, data, document in zip(
            held["ids"], held["metadatas"], held["documents"] or [], strict=False
        ):
            if any(word in f"{data} {document}".lower() for word in words):
                found.append(id_)
    return found


SECRET = "quokka"
"""Stands in the deleted source's text, title and file name, and nowhere else."""


def test_nothing_of_a_deleted_source_comes_back(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    from api.sources.page_pictures import cached_pdf

    gone = admin.add_bytes(
        instrument,
        f"{SECRET}.pdf",
        pdf(f"The {SECRET} anvil weighs 61 kilograms.", f"Oil the {SECRET} once a week."),
    )
    kept = admin.add_bytes(instrument, "hammer.pdf", pdf("The hammer weighs 3 kilograms."))
    key = {"Idempotency-Key": uuid.uuid4().hex, "Prefer": "wait=30"}
    asked = {"instrument_id": instrument, "question": QUESTION, "model": "extractive"}
    turn = admin.post("/api/chat/ask", json=asked, headers=key).json()
    assert SECRET in turn["answer"]
    chat = {"session_id": turn["session_id"]}
    # Which of them is found first does not matter.
    said = (f"The {SECRET} anvil weighs 61 kilograms.", "The hammer weighs 3 kilograms.")
    llm_server.script([f"{said[0]}[1][2] {said[1]}[1][2]"])
    both = admin.ask(instrument, "Weigh the anvil and the hammer.", model=None, **chat)
    assert {citation["source_id"] for citation in both["citations"]} == {gone["id"], kept["id"]}
    cited = turn["citations"][0]
    place = {"citation": cited["id"]}
    viewer = f"/api/viewer/pdf/{gone['id']}"
    url = admin.get(viewer, params=place).json()["file_url"]
    assert admin.get(f"{viewer}/pages/1.png", params=place).status_code == 200
    search = {"instrument": instrument, "q": f"{SECRET} anvil"}
    assert SECRET in admin.get("/api/search/", params=search).text
    # What is looked through below does find it while it is there.
    assert {"sources", "source_versions", "fragments", "postings", "citations", "chat_turns"} <= (
        set(_rows_with(app, SECRET))
    )
    version = gone["version_id"]
    assert _redis_with(app, SECRET)
    assert _chroma_with(app, version)
    assert any(version in name for name in _objects(app))

    assert admin.delete(f"/api/sources/{gone['id']}").status_code == 204

    for path in (f"/api/sources/{gone['id']}", viewer, f"{viewer}/pages/1.png"):
        assert admin.get(path, params=place).status_code == 404, path
    for path in (
        f"/api/chat/turns/{turn['turn_id']}",
        f"/api/chat/turns/{both['turn_id']}",
        f"/api/citations/turn/{turn['turn_id']}",
        f"/api/chat/sessions/{turn['session_id']}",
        f"/api/chat/sessions/{turn['session_id']}/export?format=md",
        f"/api/chat/sessions/{turn['session_id']}/export?format=json",
        f"/api/jobs/{turn['job_id']}/events",
        f"/api/jobs/{both['job_id']}/events",
        f"/stream/turns/{turn['turn_id']}",
        f"/stream/turns/{both['turn_id']}",
        f"/stream/jobs/{both['job_id']}",
        f"/api/sources/?instrument={instrument}",
        f"/api/jobs/?instrument={instrument}",
        f"/api/search/?instrument={instrument}&q=anvil+kilograms",
        f"/api/search/?instrument={instrument}&q={gone['id']}",
    ):
        answer = admin.get(path)
        assert answer.status_code == 200, path
        assert SECRET not in answer.text.lower(), path
    replayed = admin.post("/api/chat/ask", json=asked, headers=key)
    assert replayed.status_code == 410
    assert SECRET not in admin.ask(instrument, QUESTION, **chat)["answer"]

    shown = admin.get(f"/api/chat/turns/{turn['turn_id']}").json()
    (first, *_) = shown["citations"]
    assert (first["state"], first["quote"], first["locators"]) == ("withdrawn", "", [])
    assert (first["title"], first["filename"], first["locator"]) == ("", "", None)
    assert "withdrawn" in shown["answer"]
    assert any("deleted" in notice for notice in shown["notices"])
    left = admin.get(f"/api/chat/turns/{both['turn_id']}").json()
    assert said[1] in left["answer"]
    assert [claim.get("state") for claim in left["claims"]] == ["withdrawn", None]
    assert {c["source_id"]: c["state"] for c in left["citations"]} == {
        gone["id"]: "withdrawn",
        kept["id"]: "current",
    }
    for claim in left["claims"]:
        assert 0 <= claim["start"] < claim["end"] <= len(left["answer"])

    _until_gone(lambda: _rows_with(app, SECRET))
    _until_gone(lambda: set(_rows_with(app, f'"version_id":"{version}"')) - {"citations", "jobs"})
    _until_gone(lambda: _redis_with(app, SECRET))
    _until_gone(lambda: _chroma_with(app, SECRET, version))
    _until_gone(lambda: any(version in name for name in _objects(app)))
    _until_gone(cached_pdf(app.extensions["services"].config.data, version).exists)
    assert httpx.get(url).status_code == 404
    assert _chroma_with(app, kept["version_id"])


def test_deleting_waits_for_no_history_and_hides_it_at_once(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    """Nobody can rewrite the turns while the test holds them, so what hides their words is that
    the source is gone."""
    from sqlalchemy import select

    from api.extensions import db
    from api.models import ChatTurn

    data = pdf(f"The {SECRET} anvil weighs 61 kilograms.")
    source = admin.add_bytes(instrument, f"{SECRET}.pdf", data)
    admin.add_bytes(instrument, "hammer.pdf", pdf("The hammer weighs 3 kilograms."))
    key = {"Idempotency-Key": uuid.uuid4().hex, "Prefer": "wait=30"}
    asked = {"instrument_id": instrument, "question": QUESTION, "model": "extractive"}
    turn = admin.post("/api/chat/ask", json=asked, headers=key).json()
    chat, job = turn["session_id"], turn["job_id"]
    title = {"title": f"How heavy is the {SECRET}"}
    admin.patch(f"/api/chat/sessions/{chat}", json=title)
    paths = {
        "turn": f"/api/chat/turns/{turn['turn_id']}",
        "citations": f"/api/citations/turn/{turn['turn_id']}",
        "session": f"/api/chat/sessions/{chat}",
        "sessions": f"/api/chat/sessions/?instrument={instrument}",
        "markdown": f"/api/chat/sessions/{chat}/export?format=md",
        "json": f"/api/chat/sessions/{chat}/export?format=json",
        "log": f"/api/jobs/{job}/events",
        "stream": f"/stream/turns/{turn['turn_id']}",
    }
    assert all(SECRET in admin.get(path).text for path in paths.values())

    with app.app_context():
        db.session.execute(
            select(ChatTurn.id).where(ChatTurn.instrument_id == instrument).with_for_update()
        )
        answer = admin.delete(f"/api/sources/{source['id']}", timeout=15)
        assert answer.status_code == 204
        for name, path in paths.items():
            answer = admin.get(path, timeout=15)
            assert answer.status_code == 200, name
            assert SECRET not in answer.text, name
        shown = admin.get(paths["turn"]).json()
        assert [each["state"] for each in shown["citations"]] == ["withdrawn"]
        assert "withdrawn" in shown["answer"]
        assert admin.get(f"/api/sources/{source['id']}").status_code == 404
        listed = admin.get("/api/sources/", params={"instrument": instrument}).json()
        assert [each["filename"] for each in listed] == ["hammer.pdf"]
        assert admin.get(f"/api/instruments/{instrument}").json()["source_count"] == 1
        found = admin.get("/api/search/", params={"instrument": instrument, "q": f"{SECRET} anvil"})
        assert SECRET not in found.text
        assert admin.post("/api/chat/ask", json=asked, headers=key).status_code == 410
        # What was said before goes into no new prompt.
        llm_server.script(["I see."])
        more = {"instrument_id": instrument, "question": "And the hammer?", "session_id": chat}
        admin.post("/api/chat/ask", json=more, headers={"Prefer": "wait=20"})
        assert SECRET not in str(llm_server.requests[-1])
        # The same bytes are a source of their own.
        again = admin.add_bytes(instrument, "again.pdf", data)
        assert again["id"] != source["id"]
        assert _rows_with(app, SECRET)
        db.session.rollback()
        admin.delete(f"/api/sources/{again['id']}")
    _until_gone(lambda: _rows_with(app, SECRET), 40)


def test_a_deletion_whose_job_was_cancelled_is_finished_all_the_same(
    admin: Client, instrument: str, app: Flask
) -> None:
    from api.extensions import db
    from api.jobs.lifecycle import request_cancel
    from api.models import Source
    from api.sources.removal import remove_source

    source = admin.add_bytes(instrument, "a.pdf", pdf(f"The {SECRET} anvil weighs 64 kilograms."))
    with app.app_context():
        row = db.session.get_one(Source, source["id"])
        purge = remove_source(db.session(), row, None)
        db.session.flush()
        assert request_cancel(db.session(), purge)
        db.session.commit()
    assert admin.get(f"/api/sources/{source['id']}").status_code == 404
    _until_gone(lambda: _rows_with(app, SECRET), 40)


def test_nobody_stops_a_deletion_half_way(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 65 kilograms."))
    assert admin.delete(f"/api/sources/{source['id']}").status_code == 204
    listed = admin.get("/api/jobs/", params={"kind": "purge"}).json()
    (purge,) = [job for job in listed if job["subject"] == {"type": "source", "id": source["id"]}]
    refused = admin.post(f"/api/jobs/{purge['id']}/cancel")
    assert refused.status_code == 409
    assert "can't be cancelled" in refused.json()["message"]
    assert admin.wait(purge["id"])["state"] == "done"


def test_deleting_while_an_answer_is_written_withdraws_it(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    source = admin.add_bytes(instrument, "a.pdf", pdf(f"The {SECRET} anvil weighs 61 kilograms."))
    llm_server.script([[f"The {SECRET} anvil ", Pause(3), "weighs 61 kilograms.[1]"]])
    turn = admin.post("/api/chat/ask", json={"instrument": instrument, "question": QUESTION}).json()
    for _, event, _ in admin.events(f"/stream/turns/{turn['turn_id']}"):
        if event == "token":
            break
    assert admin.delete(f"/api/sources/{source['id']}").status_code == 204
    assert admin.wait(turn["job_id"])["state"] == "done"
    shown = admin.get(f"/api/chat/turns/{turn['turn_id']}")
    assert SECRET not in shown.text
    assert [citation["state"] for citation in shown.json()["citations"]] == ["withdrawn"]
    _until_gone(lambda: _rows_with(app, SECRET))
    _until_gone(lambda: _redis_with(app, SECRET))


def test_words_that_no_citation_led_back_to_their_source_go_with_it(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    gone = admin.add_bytes(instrument, "a.pdf", pdf(f"The {SECRET} anvil weighs 61 kilograms."))
    admin.add_bytes(instrument, "hammer.pdf", pdf("The hammer weighs 3 kilograms."))
    # The number is wrong, so that the source does not carry the sentence.
    wrong, hammer = f"The {SECRET} anvil weighs 62 kilograms.", "The hammer weighs 3 kilograms."
    bare, beside = f"{wrong} Ask me more.", f"{hammer} {wrong}"
    llm_server.script([bare, beside])
    turns = [admin.ask(instrument, question, model=None) for question in (QUESTION, "And hammers?")]
    assert [len(turn["citations"]) for turn in turns] == [0, 1]
    # A client that keeps the conversation itself tells it, as one of its own.
    with app.app_context():
        from sqlalchemy import update

        from api.extensions import db
        from api.models import ChatTurn

        later = admin.ask(instrument, "What else?")["turn_id"]
        told = update(ChatTurn).where(ChatTurn.id == later).values(history=[[QUESTION, bare]])
        db.session.execute(told)
        db.session.commit()
    # What it said is known though another version has taken its place.
    replaced = admin.add_bytes(instrument, "a.pdf", pdf("Anvils are heavy."), source_id=gone["id"])
    assert replaced["id"] == gone["id"]

    assert admin.delete(f"/api/sources/{gone['id']}").status_code == 204

    shown = [admin.get(f"/api/chat/turns/{turn['turn_id']}").json() for turn in turns]
    assert [SECRET in repr(turn) for turn in shown] == [False, False]
    assert "Ask me more." in shown[0]["answer"]
    assert hammer in shown[1]["answer"]
    assert all("deleted" in turn["notices"][-1] for turn in shown)
    _until_gone(lambda: _rows_with(app, SECRET))
    _until_gone(lambda: _redis_with(app, SECRET))


def test_what_a_model_thought_of_a_deleted_source_goes_with_it(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    gone = admin.add_bytes(instrument, "a.pdf", pdf(f"The {SECRET} anvil weighs 61 kilograms."))
    admin.add_bytes(instrument, "hammer.pdf", pdf("The hammer weighs 3 kilograms."))
    hammer = "The hammer weighs 3 kilograms."
    thought = Thought(f"It says: the {SECRET} anvil weighs 61 kilograms. So the hammer?")
    llm_server.script([Reply((thought, hammer))])
    turn = admin.ask(instrument, "How heavy are the anvil and the hammer?", model=None)
    assert turn["reasoning"] == thought.text
    assert [cited["filename"] for cited in turn["citations"]] == ["hammer.pdf"]

    assert admin.delete(f"/api/sources/{gone['id']}").status_code == 204

    shown = admin.get(f"/api/chat/turns/{turn['turn_id']}").json()
    assert (shown["reasoning"], shown["answer"]) == ("", f"{hammer} [1]")
    assert SECRET not in repr(list(admin.events(f"/stream/turns/{turn['turn_id']}")))
    _until_gone(lambda: _rows_with(app, SECRET))
    _until_gone(lambda: _redis_with(app, SECRET))


def test_deleting_while_it_is_read_leaves_nothing(
    admin: Client, instrument: str, app: Flask
) -> None:
    lines = "\n".join(f"Line {n} tells of anvils and hammers and tongs." for n in range(40))
    # No page's text was embedded before, so that the job is still at it.
    pages = [lines.replace("anvils", f"anvils of hall {n}") for n in range(600)]
    answer = admin.upload(instrument, "long.pdf", pdf(*pages)).json()
    while admin.job(answer["job_id"])["done"] < 4:
        time.sleep(0.05)
    assert admin.delete(f"/api/sources/{answer['source_id']}").status_code == 204
    assert admin.wait(answer["job_id"], 20)["state"] == "cancelled"
    _until_gone(lambda: _vectors(app, instrument))


def test_a_deleted_instrument_takes_everything_along(admin: Client, app: Flask) -> None:
    instrument = admin.instrument()
    source = admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 63 kilograms."))
    turn = admin.ask(instrument, QUESTION)
    url = admin.get(f"/api/viewer/pdf/{source['id']}").json()["file_url"]
    assert httpx.get(url).status_code == 200

    assert admin.delete(f"/api/instruments/{instrument}").status_code == 204

    assert admin.get(f"/api/instruments/{instrument}").status_code == 404
    assert admin.get(f"/api/chat/turns/{turn['turn_id']}").status_code == 404
    _until_gone(lambda: f"versions/{source['version_id']}" in _objects(app))
    _until_gone(lambda: _vectors(app, instrument))
    assert httpx.get(url).status_code == 404
