"""A parser in a process of its own: same Parts, and no file takes the parent down or hangs it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docx
import psutil
import pytest

from pipelines.errors import (
    ParserCrashed,
    ParserStalled,
    PipelineError,
    SourceTooLarge,
    SourceUnreadable,
    UnsupportedType,
    WrongPassword,
)
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import DOCX, detect_path
from pipelines.sandbox.parser_process import ParserProcess
from pipelines.types import Part

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the third-party corpus is not beside the checkout"
)
OPTIONS = ParseOptions()


@pytest.fixture(scope="module")
def shared_process() -> Iterator[ParserProcess]:
    with ParserProcess() as process:
        yield process


@pytest.fixture
def process() -> Iterator[ParserProcess]:
    with ParserProcess(stall_seconds=30) as process:
        yield process


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("A short note.\n\nWith two paragraphs.")
    return path


@pytest.fixture
def long_csv(tmp_path: Path) -> Path:
    """Many Parts of some 100 kB each: far more than a pipe holds."""
    path = tmp_path / "long.csv"
    path.write_text("name,value\n" + "".join(f"row {n},{'x' * 200}\n" for n in range(20_000)))
    return path


def parse(process: ParserProcess, path: Path) -> list[Part]:
    return list(process.parse(path, detect_path(path), OPTIONS))


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)


def test_the_same_parts_as_in_this_process(
    shared_process: ParserProcess, tmp_path: Path, note: Path, long_csv: Path
) -> None:
    document = docx.Document()
    document.add_heading("Pumpe", level=1)
    document.add_paragraph("Läuft bei -40 °C, auch mit 日本語 und 🙂.")
    word = tmp_path / "pump.docx"
    document.save(word)
    for path in (word, note, long_csv):
        expected = list(parser_for(detect_path(path)).parse(path, OPTIONS))
        assert parse(shared_process, path) == expected


def test_one_process_serves_many_files_then_is_replaced(note: Path) -> None:
    with ParserProcess(max_files=3) as process:
        pids = []
        for _ in range(4):
            parse(process, note)
            pids.append(process.pid)
        assert pids[0] == pids[1] == pids[2] != pids[3]
        assert pids[0] is not None
        wait_until_gone(pids[0])


def test_a_process_that_grew_is_replaced(note: Path) -> None:
    with ParserProcess(max_rss=1) as process:
        parse(process, note)
        first = process.pid
        parse(process, note)
        assert process.pid != first


def test_options_reach_the_parser(process: ParserProcess, long_csv: Path) -> None:
    parts = list(process.parse(long_csv, "text/csv", ParseOptions(start=2, stop=4)))
    assert [part.start for part in parts] == [2, 3]


def test_a_password_reaches_the_parser(process: ParserProcess, tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    plain, secret = tmp_path / "plain.docx", tmp_path / "secret.docx"
    document = docx.Document()
    document.add_paragraph("Inside.")
    document.save(plain)
    with plain.open("rb") as source, secret.open("wb") as target:
        OOXMLFile(source).encrypt("open sesame", target)
    (part,) = process.parse(secret, DOCX, ParseOptions(password="open sesame"))
    assert [s.text for s in part.segments] == ["Inside."]
    with pytest.raises(WrongPassword):
        list(process.parse(secret, DOCX, ParseOptions(password="guess")))


def test_errors_keep_their_class_and_the_process(process: ParserProcess, note: Path) -> None:
    parse(process, note)
    pid = process.pid
    with pytest.raises(UnsupportedType):
        list(process.parse(note, "application/zip", OPTIONS))
    with pytest.raises(SourceUnreadable) as caught:
        list(process.parse(note, DOCX, OPTIONS))
    assert type(caught.value) is SourceUnreadable
    assert process.pid == pid
    assert len(parse(process, note)) == 1


def test_what_nobody_foresaw_is_told_without_paths(
    process: ParserProcess, tmp_path: Path, note: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        list(process.parse(tmp_path / "missing.txt", "text/plain", OPTIONS))
    assert str(tmp_path) not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert "FileNotFoundError" in capfd.readouterr().err
    assert len(parse(process, note)) == 1


def test_a_crash_names_the_place_and_the_next_file_works(
    process: ParserProcess, long_csv: Path, note: Path
) -> None:
    parts = process.parse(long_csv, "text/csv", OPTIONS)
    next(parts)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ParserCrashed, match=r"SIGKILL.*section \d+"):
        list(parts)
    assert process.pid is None
    assert len(parse(process, note)) == 1


def test_a_crash_between_files_goes_unnoticed(process: ParserProcess, note: Path) -> None:
    parse(process, note)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    assert len(parse(process, note)) == 1


def test_a_stall_names_the_place_and_the_next_file_works(long_csv: Path, note: Path) -> None:
    with ParserProcess(stall_seconds=1.5) as process:
        parse(process, note)
        parts = process.parse(long_csv, "text/csv", OPTIONS)
        next(parts)
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ParserStalled, match=r"Section \d+ took longer than 1.5 s"):
            list(parts)
        wait_until_gone(pid)
        process.stall_seconds = 30
        assert len(parse(process, note)) == 1


def test_heartbeats_are_no_answers_and_do_not_go_on_for_ever(
    note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ParserProcess(stall_seconds=30) as process:
        receive, sent = process._receive, []

        def with_heartbeats(child, place):
            if len(sent) < beats:
                sent.append(1)
                return {"type": "alive"}
            return receive(child, place)

        monkeypatch.setattr(process, "_receive", with_heartbeats)
        beats = 100
        assert len(parse(process, note)) == 1
        beats, sent = 101, []
        with pytest.raises(SourceUnreadable):
            parse(process, note)


def test_a_slow_consumer_is_no_stall(long_csv: Path) -> None:
    with ParserProcess(stall_seconds=30) as process:
        parts = process.parse(long_csv, "text/csv", OPTIONS)
        next(parts)
        process.stall_seconds = 2
        time.sleep(2.5)
        assert len(list(parts)) == 40


def test_a_parser_waits_for_its_consumer(process: ParserProcess, long_csv: Path) -> None:
    """The pipe is all that is read ahead."""
    parts = process.parse(long_csv, "text/csv", OPTIONS)
    next(parts)
    child = psutil.Process(process.pid)
    time.sleep(0.5)
    before = child.cpu_times()
    time.sleep(0.5)
    assert child.cpu_times().user - before.user < 0.1
    assert len(list(parts)) == 40


def test_stopping_early_ends_the_process(
    process: ParserProcess, long_csv: Path, note: Path
) -> None:
    parts = process.parse(long_csv, "text/csv", OPTIONS)
    next(parts)
    pid = process.pid
    assert pid is not None
    parts.close()  # type: ignore[attr-defined]
    wait_until_gone(pid)
    assert len(parse(process, note)) == 1


def test_one_file_at_a_time(process: ParserProcess, long_csv: Path, note: Path) -> None:
    parts = process.parse(long_csv, "text/csv", OPTIONS)
    next(parts)
    with pytest.raises(RuntimeError, match="busy"):
        parse(process, note)
    assert len(list(parts)) == 40


def test_several_side_by_side_from_a_thread_pool(note: Path) -> None:
    def run(_: int) -> tuple[int, int | None]:
        with ParserProcess() as process:
            return len(parse(process, note)), process.pid

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(run, range(3)))
    assert [parts for parts, _ in results] == [1, 1, 1]
    assert len({pid for _, pid in results}) == 3


def test_it_outlives_the_thread_that_asked_for_it(process: ParserProcess, note: Path) -> None:
    thread = threading.Thread(target=parse, args=(process, note))
    thread.start()
    thread.join()
    pid = process.pid
    time.sleep(0.2)
    parse(process, note)
    assert process.pid == pid


def test_it_dies_with_its_parent(long_csv: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from pipelines.sandbox.parser_process import ParserProcess\n"
        "from pipelines.parsers.contract import ParseOptions\n"
        "process = ParserProcess()\n"
        "parts = process.parse(Path(sys.argv[1]), 'text/csv', ParseOptions()); next(parts)\n"
        "sys.stdout.write(f'{process.pid}\\n'); sys.stdout.flush(); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(long_csv)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        # Nobody is left to remove the folder of a process whose parent was killed.
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone(pid)


def test_memory_has_a_limit(tmp_path: Path, note: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"word " * (12 * 2**20))
    with ParserProcess(memory_limit=150 * 2**20) as process:
        with pytest.raises((SourceTooLarge, ParserCrashed)):
            parse(process, path)
        assert len(parse(process, note)) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_it_knows_no_secret_and_is_confined(
    monkeypatch: pytest.MonkeyPatch, note: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@db/vouch")
    with ParserProcess(niceness=3) as process:
        parse(process, note)
        assert process.pid is not None
        child = psutil.Process(process.pid)
        environment = child.environ()
        assert "hidden" not in " ".join(environment.values())
        folder = Path(environment["HOME"])
        assert folder.is_dir()
        assert folder == Path(environment["TMPDIR"]) != Path.home()
        assert child.nice() == psutil.Process().nice() + 3
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_DATA)[0] <= 4 * 2**30
        assert child.rlimit(psutil.RLIMIT_NOFILE)[0] <= 512
        assert child.rlimit(psutil.RLIMIT_FSIZE)[0] <= 2 * 2**30
    assert not folder.exists()


def namespaces_allowed() -> bool:
    """Whether this system lets a process give up its network."""
    code = (
        "import ctypes, sys; libc = ctypes.CDLL(None)\n"
        "sys.exit(libc.unshare(0x40000000) and libc.unshare(0x50000000))"
    )
    return (
        sys.platform.startswith("linux")
        and subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    )


@pytest.mark.skipif(not namespaces_allowed(), reason="the system forbids network namespaces")
def test_it_has_no_network(note: Path) -> None:
    with ParserProcess() as process:
        parse(process, note)
        ours = os.readlink("/proc/self/ns/net")
        assert os.readlink(f"/proc/{process.pid}/ns/net") != ours


@needs_corpus
@pytest.mark.corpus
def test_every_hostile_document_ends_in_parts_or_a_clear_error(
    shared_process: ParserProcess,
) -> None:
    documents = {".txt", ".md", ".xml", ".svg", ".zip", ".ipynb", ".html"}
    paths = [p for p in sorted((CORPUS / "hostile").iterdir()) if p.suffix in documents]
    assert len(paths) > 15
    for path in paths:
        try:
            parts = parse(shared_process, path)
            outcome = "".join(s.text for part in parts for s in part.segments)
        except PipelineError as error:
            outcome = str(error)
        assert outcome, path.name
        assert str(CORPUS) not in outcome
        assert "root:x:0:0" not in outcome
