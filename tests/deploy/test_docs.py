"""The pages for people: their commands run, and what they point at is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import Stack
from tests.support.client import Client

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _commands(page: Path) -> str:
    """The page's `sh` blocks, in order, as one script that ends at the first failure."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return "set -eo pipefail\n" + "\n".join(blocks)


def _run(script: str, stack: Stack) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "V": stack.url, "PATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture
def quoting(admin: Client) -> Iterator[None]:
    """Answers are the sources' own sentences, as on a stack without a key."""
    admin.put("/api/llm-defaults/answer", json={"model": "extractive"}).raise_for_status()
    yield
    admin.delete("/api/llm-defaults/answer")


def test_the_walk_through_the_api_runs(stack: Stack, quoting: None) -> None:
    ran = _run(_commands(ROOT / "docs" / "api.md"), stack)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    said = "Tighten the rotor nut clockwise with the rotor key to a torque of 5.5 Nm. "
    assert f"{said}[1]" in ran.stdout, "the whole turn"
    assert f"{said}[^1]" in ran.stdout, "OpenAI's client"
    assert "event: citation" in ran.stdout
    assert "event: failed" in ran.stdout
    assert "Idempotency-Replayed: true" in ran.stdout
    assert '"code":422' in ran.stdout


def test_a_command_that_fails_is_noticed(stack: Stack) -> None:
    script = _commands(ROOT / "docs" / "api.md").replace("/api/auth/me", "/api/auth/nobody", 1)
    assert _run(script, stack).returncode != 0


def test_what_the_readme_tells_to_ask_is_answered(stack: Stack, quoting: None) -> None:
    ran = _run(_commands(ROOT / "README.md"), stack)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "event: done" in ran.stdout
    assert '"verdict":"verified"' in ran.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    text = _FENCED.sub("", page.read_text())
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    paths = re.findall(r"`((?:[\w.-]+/)*[\w.-]+(?:\.(?:py|yml|json|md|conf|pdf)|/))`", text)
    missing += [path for path in paths if "/" in path and not (ROOT / path).exists()]
    assert [path for path in missing if path not in NOT_KEPT] == []


NOT_KEPT = {"var/", "benchmarks/results/", "var/secrets.json"}
"""What running Vouch makes."""


def test_the_picture_is_small_enough_to_load() -> None:
    assert (ROOT / "docs" / "proof.png").stat().st_size < 200_000
