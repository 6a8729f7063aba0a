"""Hostile files through the whole stack: each ends in an error or harmless, never in harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.stack import Stack
from pipelines.errors import ERRORS
from pipelines.types import locator_from_json
from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.hostile_inputs import SECRET, Trap
from tests.support.processes import Identity, identities
from tests.support.refusals import check_error, check_words
from tests.support.whole_lists import ended_jobs, fragments_of

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(600)]


@dataclass
class Outcome:
    """What became of one upload."""

    refused: httpx.Response | None = None
    job: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    fragments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Siege:
    """Every hostile file, uploaded; and the workers before and after."""

    instrument: str
    outcomes: dict[str, Outcome]
    before: dict[str, set[Identity]]
    after: dict[str, set[Identity]]


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    trap = Trap(tmp_path_factory.mktemp("trap"))
    yield trap
    trap.close()


@pytest.fixture(scope="module")
def siege(stack: Stack, admin: Client, corpus: Path, trap: Trap) -> Siege:
    instrument = admin.instrument("Hostile")
    admin.add_bytes(instrument, "before.md", NOTES)
    before = identities(stack)
    files = {path.name: path.read_bytes() for path in sorted((corpus / "hostile").iterdir())}
    outcomes, jobs = {}, {}
    for name, data in (files | trap.documents()).items():
        answer = admin.upload(instrument, name, data)
        outcomes[name] = Outcome()
        if answer.status_code == 202:
            jobs[name] = answer.json()["job_id"]
        else:
            outcomes[name].refused = answer
    ended = ended_jobs(admin, instrument)
    for name, job_id in jobs.items():
        job = ended[job_id]
        source = admin.get(f"/api/sources/{job['subject']['id']}").json()
        outcomes[name] = Outcome(None, job, source, fragments_of(admin, source["id"]))
    return Siege(instrument, outcomes, before, identities(stack))


@pytest.mark.slow
def test_a_hostile_file_ends_in_a_clear_error_or_a_harmless_source(siege: Siege) -> None:
    assert len(siege.outcomes) > 45
    for name, outcome in siege.outcomes.items():
        if outcome.refused is not None:
            check_error(outcome.refused)
            assert outcome.refused.json()["message"], name
        elif outcome.job["state"] == "failed":
            error = outcome.job["error"]
            assert error["code"] in ERRORS, (name, error)
            assert error["code"] not in ("parser_stalled", "parser_crashed"), (name, error)
            check_words(error["message"])
            assert outcome.source["status"] == "failed", name
            assert outcome.source["error"] == error
            assert outcome.fragments == []
        else:
            assert outcome.job["state"] == "done", (name, outcome.job)
            assert outcome.source["status"] == "ready", name
            assert len(outcome.fragments) == outcome.source["fragment_count"] > 0
            for fragment in outcome.fragments:
                assert fragment["text"].strip(), name
                assert [locator_from_json(locator) for locator in fragment["locators"]]


@pytest.mark.slow
def test_what_only_pretends_to_be_a_picture_or_document_is_refused(siege: Siege) -> None:
    refused = {name for name, outcome in siege.outcomes.items() if outcome.refused is not None}
    assert refused >= {
        *("exiftool_djvu.jpg", "ghostscript_rce.jpg", "imagetragick2.jpg", "trap.svg"),
        *("svg_read_etc_passwd.svg", "zip_symlink_etc_passwd.zip"),
    }
    assert {siege.outcomes[name].refused.status_code for name in refused} == {415}  # type: ignore[union-attr]


@pytest.mark.slow
def test_xml_that_declares_entities_is_not_read(siege: Siege) -> None:
    for name in ("xxe_passwd.xml", "xxe_oob.xml"):
        job = siege.outcomes[name].job
        assert (job["state"], job["error"]["code"]) == ("failed", "source_unreadable"), name


@pytest.mark.slow
def test_no_worker_died_of_a_hostile_file(siege: Siege) -> None:
    assert len(siege.before["worker-ingest"]) >= 3
    assert len(siege.before["worker-answers"]) >= 1
    assert siege.after == siege.before
    attempts = {name: o.job["attempt"] for name, o in siege.outcomes.items() if o.job}
    assert {name for name, attempt in attempts.items() if attempt != 1} == set()


@pytest.mark.slow
def test_no_file_or_address_of_the_machine_was_read(siege: Siege, trap: Trap) -> None:
    assert trap.visits == []
    for name, outcome in siege.outcomes.items():
        said = f"{outcome.fragments} {outcome.source} {outcome.job}"
        for leak in (SECRET, "root:x:0", "daemon:x:1"):
            assert leak not in said, name
    # The traps were read, not just refused.
    for name in ("trap.html", "trap.md", "trap link.docx"):
        text = " ".join(fragment["text"] for fragment in siege.outcomes[name].fragments)
        assert "Plain words" in text, name


@pytest.mark.slow
def test_afterwards_it_still_reads_and_answers(siege: Siege, admin: Client) -> None:
    fact = b"# Kiln\n\nThe tunnel kiln in Faenza burns at 1180 degrees.\n"
    source = admin.add_bytes(siege.instrument, "kiln.md", fact)
    turn = admin.ask(siege.instrument, "At how many degrees does the tunnel kiln burn?")
    assert "1180" in turn["answer"]
    assert turn["citations"][0]["source_id"] == source["id"]
