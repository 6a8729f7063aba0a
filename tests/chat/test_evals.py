"""Evaluation that users can run: golden questions in, figures and what changed out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from deploy.stack import Stack
from pipelines.answering.evaluation import (
    Golden,
    GoldenFileError,
    Item,
    changes,
    figures,
    judge,
    percentile,
    read_golden,
    written_golden,
)
from pipelines.answering.expected_text import why_not
from tests.support.client import Client
from tests.support.documents import pdf

ROOT = Path(__file__).parents[2]
HEAD = "question,answer,filename,page\n"


def test_a_golden_file_is_read() -> None:
    data = HEAD + '"How heavy, in kg?",61,press.pdf,2\nWhy?,,,\n\nWhere?, "here" ,notes.md,\n'
    assert read_golden(b"\xef\xbb\xbf" + data.replace('"here" ', "here").encode()) == [
        Golden("How heavy, in kg?", "61", "press.pdf", 2),
        Golden("Why?"),
        Golden("Where?", "here", "notes.md"),
    ]
    assert read_golden(b"Question;Page;Filename\nWie viel?;3;a.pdf\n") == [
        Golden("Wie viel?", "", "a.pdf", 3)
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", ["Line 1", "columns"]),
        (b"what,page\nx,1\n", ["Line 1", "question"]),
        (b"question,seite\nx,1\n", ["Line 1", "'seite'"]),
        (b"question,question\nx,y\n", ["Line 1", "twice"]),
        (HEAD.encode(), ["no question"]),
        (b"question\n\xff\xfe\n", ["UTF-8"]),
        (
            (HEAD + 'A?,,a.pdf,1\n"Two\nlines?",,a.pdf,zero\n,,a.pdf,2\n').encode(),
            ["Line 3: page 'zero'", "Line 5: the question is empty"],
        ),
        ((HEAD + "A?,,a.pdf,0\n").encode(), ["Line 2: page '0'"]),
        ((HEAD + "A?,,,4\n").encode(), ["Line 2: a page needs a filename"]),
        ((HEAD + "A?\nB?\n a?\n").encode(), ["Line 4", "line 2 already"]),
        ((HEAD + "A?,1,200 kg,a.pdf,2\n").encode(), ["Line 2: 5 cells"]),
        (f"{HEAD}{'x' * 4001}\n".encode(), ["Line 2", "4000"]),
        ((HEAD + '"A?,\n').encode(), ["no CSV"]),
        (b"question,must\nA?,a | \n", ["Line 2: must: an alternative holds no word"]),
        (b"question,must_not\nA?," + b"a|" * 51 + b"a\n", ["Line 2: must_not", "50 alternatives"]),
        (b"question,must\nA?," + b"a" * 1001 + b"\n", ["Line 2: must", "1000"]),
        (b"question,decline\nA?,perhaps\n", ["Line 2: decline is 'perhaps'"]),
        (b"question,must,decline\nA?,x,yes\n", ["Line 2", "no must"]),
    ],
)
def test_a_wrong_golden_file_is_told_line_by_line(data: bytes, told: list[str]) -> None:
    with pytest.raises(GoldenFileError) as error:
        read_golden(data)
    for words in told:
        assert words in str(error.value)


def _judged(golden: Golden, cited: list[tuple[str, int]], **more: object) -> Item:
    places = [((name, name.removesuffix(".pdf")), [page]) for name, page in cited]
    return judge(
        golden,
        hits=places[::-1],
        citations=places,
        quotes=["It weighs 61 kg."],
        verdicts=["verified"],
        milliseconds=10,
        **{"text": "It weighs 61 kg.", "answered": "yes", **more},  # type: ignore[arg-type]
    )


def test_a_question_is_marked_by_source_page_and_answer() -> None:
    golden = Golden("How heavy?", "61 KG", "Press.pdf", 2)
    item = _judged(golden, [("press.pdf", 1), ("press.pdf", 2)])
    assert (item.found, item.cited, item.page_found, item.page_cited) == (True,) * 4
    assert (item.page_first, item.answer_cited) == (False, True)
    other = _judged(golden, [("other.pdf", 2)])
    assert (other.found, other.cited, other.page_cited, other.page_first) == (False,) * 4
    assert _judged(Golden("How heavy?", "1 kg"), []).answer_cited is False
    bare = _judged(Golden("How heavy?"), [("press.pdf", 2)])
    assert {bare.found, bare.cited, bare.page_cited, bare.answer_cited} == {None}


@pytest.mark.parametrize(
    ("cells", "text", "answered", "truth"),
    [
        ({"must": "61 kg | 61 kilograms"}, "It weighs 61kg [1].", "yes", "right"),
        ({"must": "61 kg | 61 kilograms"}, "Sixty-one, that is 61 Kilograms.", "partly", "right"),
        ({"must": "61 kg"}, "It weighs 161 kg.", "yes", "wrong"),
        ({"must": "61 kg"}, "It weighs 61.5 kg.", "yes", "wrong"),
        ({"must": "4.5 kg"}, "Es wiegt 4,5 kg.", "yes", "right"),
        ({"must": "-20 °C"}, "Store it at −20 °C.", "yes", "right"),
        ({"must": "-20 °C"}, "Store it at 20 °C.", "yes", "wrong"),
        ({"must": "red; blue | green"}, "Red and\nGREEN.", "yes", "right"),
        ({"must": "red; blue | green"}, "Red and black.", "yes", "wrong"),
        ({"must": "millimet*"}, "In millimetres.", "yes", "right"),
        ({"must": "millimet"}, "In millimetres.", "yes", "wrong"),
        ({"must": ".*"}, "Anything.", "yes", None),
        ({"must": "(a+)+$"}, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "yes", "wrong"),
        ({"must": "red", "must_not": "blue"}, "Red, not blue.", "yes", "wrong"),
        ({"must_not": "unproven"}, "It is red. [unproven]", "yes", "right"),
        ({"must": "61 kg"}, "This was not found in the sources.", "no", "declined wrongly"),
        ({"decline": True}, "This was not found in the sources.", "no", "declined rightly"),
        ({"decline": True}, "It is red.", "yes", "answered wrongly"),
        ({"must": "red"}, "", None, "failed"),
        ({}, "It is red.", "yes", None),
    ],
)
def test_an_answer_is_right_by_what_it_says_and_a_right_decline_counts(
    cells: dict, text: str, answered: str | None, truth: str | None
) -> None:
    golden = Golden("How heavy?", **cells)
    if cells.get("must") == ".*":
        assert why_not(".*")
        return
    item = _judged(golden, [], text=text, answered=answered)
    assert item.truth == truth
    if truth is None:
        assert (item.right, item.answered_true) == (None, None)
        return
    assert item.right is (truth in ("right", "declined rightly"))
    says_yes = answered in ("yes", "partly")
    assert item.answered_true is (answered is not None and says_yes == (truth == "right"))


def test_a_golden_file_comes_back_as_it_was() -> None:
    golden = [
        Golden("=HYPERLINK(1)?", 'a, "b"', "a.pdf", 3, "46 W | 46 watts; x", "-20 °C"),
        Golden("Why?", decline=True),
        Golden("'Quoted?", "two\nlines"),
    ]
    text = written_golden(golden)
    assert "'=HYPERLINK" in text
    assert read_golden(text.encode("utf-8-sig")) == golden


def test_figures_count_only_what_was_expected() -> None:
    right = _judged(Golden("A?", "", "a.pdf", 1), [("a.pdf", 1)])
    wrong = _judged(Golden("B?", "", "a.pdf", 1), [("a.pdf", 2)])
    open_ = _judged(Golden("C?"), [])
    told = figures([right, wrong, open_])
    assert told["marks"]["cited"] == {"right": 2, "of": 2}
    assert told["marks"]["page_first"] == {"right": 1, "of": 2}
    assert told["marks"]["answer_cited"] == {"right": 0, "of": 0}
    assert told["verdicts"] == {"verified": 3}
    assert (told["truths"], told["answered"]) == ({}, {"yes": 3})
    judged = figures(
        [
            _judged(Golden("D?", must="61 kg"), []),
            _judged(Golden("E?", decline=True), [], answered="no"),
            _judged(Golden("F?", decline=True), []),
        ]
    )
    assert judged["truths"] == {"right": 1, "declined rightly": 1, "answered wrongly": 1}
    assert judged["marks"]["right"] == judged["marks"]["answered_true"] == {"right": 2, "of": 3}
    assert [percentile(range(1, 101), p) for p in (50, 95)] == [50, 95]
    assert percentile([7], 95) == 7
    assert percentile([], 50) is None


def test_runs_are_compared_question_by_question() -> None:
    golden = [Golden(f"{name}?", "", "a.pdf", 1) for name in "ABC"]
    before = [_judged(golden[0], [("a.pdf", 1)]), _judged(golden[1], [("b.pdf", 1)])]
    after = [
        _judged(golden[0], [("a.pdf", 3)]),
        _judged(golden[1], [("a.pdf", 1)]),
        _judged(golden[2], []),
    ]
    worse, better = changes([item.as_json() for item in before], after)
    assert worse.question == "A?"
    assert worse.gained == ()
    assert worse.lost == ("page_found", "page_cited", "page_first")
    assert better.question == "B?"
    assert "cited" in better.gained
    assert better.lost == ()


def _flask(stack: Stack, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "api", *args],
        cwd=ROOT,
        env={**os.environ, **stack.env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_golden_questions_are_managed_over_http(
    admin: Client, member: Client, instrument: str
) -> None:
    path = f"/api/instruments/{instrument}/golden-questions"
    body = {"question": "How heavy?", "filename": "a.pdf", "page": 2}
    made = admin.post(path, json=body)
    assert made.status_code == 201, made.text
    assert admin.post(path, json={"question": "how  HEAVY?"}).status_code == 409
    assert admin.post(path, json={"question": "Why?", "page": 2}).status_code == 422
    one = f"{path}/{made.json()['id']}"
    changed = admin.patch(one, json={"page": 3, "answer": "61 kg"}).json()
    assert (changed["page"], changed["answer"], changed["filename"]) == (3, "61 kg", "a.pdf")
    assert admin.patch(one, json={"filename": None}).status_code == 422
    assert admin.patch(one, json={"must": "61 kg | "}).status_code == 422
    assert admin.patch(one, json={"decline": True}).json()["decline"] is True
    assert admin.patch(one, json={"must": "61 kg"}).status_code == 422
    changed = admin.patch(one, json={"must": "61 kg", "must_not": "6 kg", "decline": False}).json()
    assert (changed["must"], changed["must_not"], changed["decline"]) == ("61 kg", "6 kg", False)
    assert admin.get(path).json() == [changed]
    for answer in (member.get(path), member.post(path, json=body), member.delete(one)):
        assert answer.status_code == 404
    assert admin.delete(one).status_code == 204
    assert admin.get(path).json() == []


@pytest.mark.slow
def test_a_run_asks_prints_compares_and_leaves_no_trace(
    admin: Client, app: Flask, stack: Stack, tmp_path: Path
) -> None:
    from api.extensions import db
    from api.models import EvalRun, Instrument

    instrument = admin.instrument("Evaluated")
    slug = admin.get(f"/api/instruments/{instrument}").json()["slug"]
    source = admin.add_bytes(
        instrument,
        "press.pdf",
        pdf("The press weighs 61 kilograms.", "Its oil is changed every 400 hours."),
    )
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + "How heavy?,,press.pdf,1\nWhy?,,press.pdf,x\n")
    refused = _flask(stack, "evals", "import", str(bad), "--instrument", slug)
    assert refused.returncode == 1
    assert "Line 3: page 'x'" in refused.stderr
    golden = tmp_path / "golden.csv"
    golden.write_text(
        "question,answer,filename,page,must,decline\n"
        "How many kilograms does the press weigh?,61 kilograms,press.pdf,1,61 kg | 61 kilo*,\n"
        "After how many hours is the oil changed?,400 hours,press.pdf,1,,\n"
        "Which colour has the lid?,,other.pdf,,,\n"
        "Zxqv wprl kdhg mbtf?,,,,,yes\n"
    )
    imported = _flask(stack, "evals", "import", str(golden), "--instrument", slug)
    assert "4 questions added, 0 replaced" in imported.stdout, imported.stderr
    assert "other.pdf" in imported.stderr

    turn = admin.ask(instrument, "What does the press cost?")
    rating = {"rating": "down"}
    admin.post(f"/api/chat/turn/{turn['turn_id']}/feedback", json=rating)
    taken = _flask(stack, "evals", "from-feedback", "--instrument", slug)
    assert "1 questions added" in taken.stdout
    assert (
        "0 questions added" in _flask(stack, "evals", "from-feedback", "--instrument", slug).stdout
    )
    listed = _flask(stack, "evals", "list", "--instrument", slug).stdout
    assert "How many kilograms does the press weigh?  [press.pdf, page 1]" in listed
    assert "What does the press cost?  [place not told yet]" in listed

    written = tmp_path / "written.csv"
    assert (
        "5 questions" in _flask(stack, "evals", "export", str(written), "--instrument", slug).stdout
    )
    again = _flask(stack, "evals", "import", str(written), "--instrument", slug)
    assert "0 questions added, 5 replaced" in again.stdout, again.stderr

    sessions = admin.get("/api/chat/sessions/").headers["X-Pagination"]
    jobs = admin.get("/api/jobs/").headers["X-Pagination"]
    arguments = ("evals", "run", "--instrument", slug, "--model", "extractive")
    first = _flask(stack, *arguments, "--as", "admin@example.com", "--fail-under", "cited=0.5")
    assert first.returncode == 0, (first.stdout, first.stderr)
    assert "source cited" in first.stdout
    assert "2/3" in first.stdout
    assert "p95" in first.stdout
    lines = [" ".join(line.split()) for line in first.stdout.splitlines()]
    assert "wrong place After how many hours is the oil changed?" in lines
    assert "right How many kilograms does the press weigh?" in lines
    assert admin.get("/api/chat/sessions/").headers["X-Pagination"] == sessions
    assert admin.get("/api/jobs/").headers["X-Pagination"] == jobs
    with app.app_context():
        (run,) = db.session.query(EvalRun).filter_by(instrument_id=instrument)
        assert run.figures["marks"]["page_cited"] == {"right": 1, "of": 2}
        assert run.figures["marks"]["right"]["of"] == 2
        assert run.figures["truths"]["right"] == 1
        assert run.figures["marks"]["answer_cited"] == {"right": 2, "of": 2}
        assert run.settings["model"] == "extractive"
        assert "61 kilograms" not in str(run.items)

    # The oil moves to where it was expected, the weight away from it.
    admin.add_bytes(
        instrument,
        "press.pdf",
        pdf("Its oil is changed every 400 hours.", "The press weighs 61 kilograms."),
        source_id=source["id"],
    )
    second = _flask(stack, *arguments, "--fail-on-regression")
    assert second.returncode == 1, second.stdout
    assert "worse: How many kilograms does the press weigh?" in second.stdout
    assert "better: After how many hours is the oil changed?" in second.stdout
    third = _flask(stack, *arguments, "--fail-on-regression", "--fail-under", "page_cited=0.9")
    assert third.returncode == 1
    assert "No question went otherwise" in third.stdout
    assert "Under the bar: page cited" in third.stderr
    with app.app_context():
        db.session.delete(db.session.get(Instrument, instrument))
        db.session.commit()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--instrument", "no-such"), "There is no instrument no-such"),
        (("run", "--fail-under", "luck=1"), "name a mark and a share"),
        (("run", "--instrument", "demo"), "no golden questions"),
        (("run", "--instrument", "demo", "--as", "x@example.com"), "nobody who may read demo"),
    ],
)
def test_a_command_that_cannot_run_says_why(
    stack: Stack, arguments: tuple[str, ...], told: str
) -> None:
    answer = _flask(stack, "evals", *arguments)
    assert answer.returncode == 1
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr
