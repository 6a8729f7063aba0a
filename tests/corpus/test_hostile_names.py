"""Hostile file names through the whole stack: a name is only a name."""

from __future__ import annotations

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.client import Client
from tests.support.hostile_inputs import hostile_lines
from tests.support.whole_lists import ended_jobs, listed_sources

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]


@pytest.mark.slow
def test_a_hostile_name_is_only_a_name(admin: Client, corpus: Path) -> None:
    names = hostile_lines(corpus, "path_traversal_names.txt", "command_injection.txt")
    assert len(names) > 200
    instrument = admin.instrument("Names")
    for name in names:
        assert admin.initiate(instrument, name, 10).status_code == 201, name
    # Many paths end alike; of those one is brought to its end.
    names = list({re.split(r"[/\\]", name)[-1]: name for name in names}.values())
    assert len(names) > 80

    def send(name: str) -> tuple[str, bytes, httpx.Response]:
        data = f"The name was tried as {name.encode().hex()}.".encode()
        return name, data, admin.upload(instrument, name, data)

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(send, names))
    ended_jobs(admin, instrument)
    sources = {source["id"]: source for source in listed_sources(admin, instrument)}
    for name, data, answer in sent:
        assert answer.status_code == 202, (name, answer.text)
        source = sources[answer.json()["source_id"]]
        for stored in (source["filename"], source["title"]):
            assert 0 < len(stored) <= 255
            assert stored.strip(".") != "", name
            assert not re.search(r"[/\\]", stored), name
            assert not any(unicodedata.category(c)[0] == "C" for c in stored), name
        assert source["status"] == "ready", (name, source["error"])
        assert source["size"] == len(data)
    # Its bytes come back under a name that can't break out of its header.
    for name, data, answer in sent[::6]:
        view = admin.get(f"/api/viewer/text/{answer.json()['source_id']}").json()
        file = httpx.get(view["file_url"])
        assert file.content == data, name
        assert re.fullmatch(
            r'inline; filename="[ -!#-\[\]-~]+"', file.headers["content-disposition"]
        ), name
