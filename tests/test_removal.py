"""What is deleted is gone: from lists, answers, viewer, vectors and the object store."""

from __future__ import annotations

import time

import httpx
from flask import Flask

from tests.client import Client
from tests.documents import pdf

QUESTION = "How many kilograms does the anvil weigh?"


def _vectors(app: Flask, instrument: str) -> int:
    from pipelines.index import collection_name

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


def test_a_deleted_source_is_gone_everywhere(admin: Client, instrument: str, app: Flask) -> None:
    source = admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 61 kilograms."))
    turn = admin.ask(instrument, QUESTION)
    assert "61 kilograms" in turn["citations"][0]["quote"]
    key = f"versions/{source['version_id']}"
    assert key in _objects(app)
    assert _vectors(app, instrument) > 0

    assert admin.delete(f"/api/sources/{source['id']}").status_code == 204

    assert admin.get(f"/api/sources/{source['id']}").status_code == 404
    assert admin.get(f"/api/viewer/pdf/{source['id']}").status_code == 404
    assert "61" not in admin.ask(instrument, QUESTION)["answer"]
    item = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"][0]
    assert (item["state"], item["quote"], item["locators"]) == ("withdrawn", "", [])
    _until_gone(lambda: _vectors(app, instrument))
    _until_gone(lambda: key in _objects(app))


def test_deleting_while_it_is_read_leaves_nothing(
    admin: Client, instrument: str, app: Flask
) -> None:
    lines = "\n".join(f"Line {n} tells of anvils and hammers and tongs." for n in range(40))
    answer = admin.upload(instrument, "long.pdf", pdf(*[lines] * 60)).json()
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
