"""The inside of the parser process: gives up what it does not need, then parses what it is asked.

Runs as `python -m pipelines.sandbox.parser_process`; see there for the frames it speaks.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError, SourceTooLarge, SourceUnreadable
from pipelines.external.contract import AskingParent
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions

log = logging.getLogger(__name__)

LENGTH = struct.Struct(">I")
MAX_FILE_BYTES = 2 * 2**30
MAX_OPEN_FILES = 512

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def main(settings: dict[str, Any]) -> None:
    """Answers requests until its input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    requests, answers = _own_pipes()
    _confine(**settings)
    # spaCy would import it for models that no parser has: seconds and 200 MB of each process.
    sys.modules["torch"] = None  # type: ignore[assignment]
    with os.fdopen(requests, "rb") as reader, os.fdopen(answers, "wb") as writer:
        while (request := _read(reader)) is not None:
            _answer(request, reader, writer)
            gc.collect()
            # What is left are modules and their tables: not to be looked through for each file.
            gc.freeze()


def _own_pipes() -> tuple[int, int]:
    """The two pipes under numbers no library knows: what one prints must not become an answer."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _confine(parent: int, memory_limit: int, niceness: int) -> None:
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _limit(resource.RLIMIT_DATA, memory_limit)
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the signal was asked for.
        os._exit(1)
    # A namespace of its own holds no network but a loopback that is down. Who may not make one
    # directly may as the owner of a new user namespace, where the system allows those.
    dropped = any(
        libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET)
    )
    if not dropped:
        log.debug("network not dropped: %s", os.strerror(ctypes.get_errno()))


def _limit(kind: int, value: int) -> None:
    """Lowers a limit; one that is lower already stays."""
    hard = resource.getrlimit(kind)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def _answer(request: dict[str, Any], reader: Any, writer: Any) -> None:
    """Parts, then an end or an error; `retire` says that the process is no longer to be trusted."""

    def ask(question: dict[str, Any], payload: bytes) -> dict[str, Any]:
        _write(writer, json.dumps({"type": "ask", **question}).encode())
        _write(writer, payload)
        answer = _read(reader)
        if answer is None:
            # Whoever wanted the file read is gone.
            sys.exit(1)
        return answer

    try:
        options = ParseOptions.model_validate(
            {
                **request["options"],
                "outside": AskingParent(ask, **request["outside"]),
                "heartbeat": lambda: _write(writer, b'{"type":"alive"}'),
            }
        )
        parser = parser_for(request["media_type"])
        for part in parser.parse(Path(request["path"]), options):
            text = f'{{"type":"part","part":{part.model_dump_json()}}}'
            _write(writer, text.encode("utf-8", "replace"))
    except PipelineError as error:
        _write_error(writer, error, retire=False)
    except MemoryError:
        log.exception("parser ran out of memory")
        _write_error(
            writer,
            SourceTooLarge("The file needs more memory than a file may have. Split it."),
            retire=True,
        )
    except Exception:
        log.exception("parser failed")
        _write_error(
            writer,
            SourceUnreadable(
                "The file can't be read: it is damaged, or not what it says it is. "
                "Save it again with the program that made it."
            ),
            retire=True,
        )
    else:
        _write(writer, b'{"type":"end"}')


def _write_error(writer: Any, error: PipelineError, *, retire: bool) -> None:
    answer = {"type": "error", "code": error.code, "message": str(error), "retire": retire}
    _write(writer, json.dumps(answer).encode())


def _read(reader: Any) -> dict[str, Any] | None:
    """The next message of the parent, None when it closed its end."""
    header = reader.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    message: dict[str, Any] = json.loads(reader.read(LENGTH.unpack(header)[0]))
    return message


def _write(writer: Any, data: bytes) -> None:
    writer.write(LENGTH.pack(len(data)))
    writer.write(data)
    writer.flush()
