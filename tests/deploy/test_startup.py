"""Settings that can't work keep every program from starting, with one line that says which."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from api import startup
from api.config import ConfigError
from deploy import leftovers
from deploy.datadir import DataDir
from tests.support.client import Client

ROOT = Path(__file__).resolve().parents[2]
CANNOT_WORK = [
    ({"LLM": "foo"}, "LLM=foo", "openai:MODEL"),
    ({"LLM": "openai:"}, "LLM=openai:", "openai:MODEL"),
    ({"LLM": "openai:gpt-5"}, "LLM=openai:gpt-5", "OPENAI_API_KEY"),
    ({"LLM": "anthropic:claude"}, "LLM=anthropic:claude", "ANTHROPIC_API_KEY"),
    ({"LLM": "google:gemini"}, "LLM=google:gemini", "GOOGLE_API_KEY"),
    ({"LLM": "mock:/nowhere.md"}, "LLM=mock:/nowhere.md", "no file"),
    ({"LLM": "extractive:large"}, "LLM=extractive:large", "write extractive"),
    ({"EMBEDDING_MODEL": "/tmp"}, "EMBEDDING_MODEL=/tmp", "all-MiniLM-L6-v2"),
    ({"RERANKER": "/tmp"}, "RERANKER=/tmp", "cross-encoder"),
    ({"RERANKER": "/nowhere"}, "RERANKER=/nowhere", "cross-encoder"),
    ({"TRANSCRIBER": "whisper:/tmp"}, "TRANSCRIBER=whisper:/tmp", "model.bin"),
    ({"TRANSCRIBER": "ears"}, "TRANSCRIBER=ears", "pocketsphinx"),
    ({"TRANSCRIBER": "openai:hears"}, "TRANSCRIBER=openai:hears", "TRANSCRIBER_API_KEY"),
    ({"VISION_MODEL": "sees"}, "VISION_MODEL", "openai:MODEL"),
    ({"VISION_MODEL": "openai:sees"}, "VISION_MODEL=openai:sees", "VISION_API_KEY"),
]


@pytest.mark.parametrize(("wrong", "setting", "advice"), CANNOT_WORK)
def test_what_cannot_work_is_refused(wrong: dict[str, str], setting: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refused:
        startup.settings(wrong)
    assert setting in str(refused.value)
    assert advice in str(refused.value)
    assert "\n" not in str(refused.value)


LOCAL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"LLM": "openai:gpt-5", "OPENAI_API_KEY": "sk-1"},
        {"LLM": "openai:llama", "OPENAI_BASE_URL": LOCAL},
        {"LLM": "anthropic:claude", "ANTHROPIC_API_KEY": "sk-1"},
        {"TRANSCRIBER": "openai:hears", "TRANSCRIBER_BASE_URL": LOCAL},
        {"VISION_MODEL": "openai:sees", "OPENAI_BASE_URL": LOCAL},
        {"VISION_MODEL": "openai:sees", "OPENAI_API_KEY": "sk-1"},
        {"TRANSCRIBER": "none"},
    ],
)
def test_what_can_work_is_not(right: dict[str, str]) -> None:
    startup.settings(right)


def test_replies_from_a_file(tmp_path: Path) -> None:
    replies = tmp_path / "replies.md"
    replies.write_text("")
    with pytest.raises(ConfigError, match=r"replies\.md holds no reply"):
        startup.settings({"LLM": f"mock:{replies}"})
    replies.write_text("A reply.")
    startup.settings({"LLM": f"mock:{replies}"})


PROGRAMS = {
    "API": ("gunicorn", "api.wsgi:app", "--bind", "127.0.0.1:0"),
    "worker": ("celery", "-A", "workers.main:celery", "worker", "-Q", "answers"),
    "commands": ("flask", "--app", "api", "users", "create", "somebody@example.com"),
    "preparation": ("python", "-m", "deploy.prepare"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_with_one_line(program: str, tmp_path: Path) -> None:
    name, *words = PROGRAMS[program]
    ended = run([str(Path(sys.executable).with_name(name)), *words], tmp_path)
    assert ended.returncode != 0
    told = [line for line in ended.stderr.splitlines() if "LLM=foo" in line]
    assert len(told) == 1, ended.stderr
    assert "openai:MODEL" in told[0]
    assert "Traceback" not in ended.stderr + ended.stdout


def test_make_up_refuses_before_anything_starts(tmp_path: Path) -> None:
    ended = run([sys.executable, "-m", "deploy", "up"], tmp_path)
    assert ended.returncode != 0
    assert ended.stderr.count("\n") == 1
    assert "LLM=foo" in ended.stderr
    assert not (tmp_path / "postgres").exists()
    assert leftovers.find(DataDir(tmp_path).path) == []


def run(argv: list[str], data: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "VOUCH_DATA": str(data),
        "LLM": "foo",
        "PORT": "0",
    }
    return subprocess.run(
        argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_readiness_names_the_models(admin: Client, app: Flask) -> None:
    assert admin.get("/readyz").json()["models"] == {
        "language": "openai:scripted",
        "embedding": "all-MiniLM-L6-v2",
    }
    admin.put("/api/llm-defaults/answer", json={"model": "extractive"}).raise_for_status()
    try:
        assert admin.get("/readyz").json()["models"]["language"] == "extractive"
    finally:
        admin.delete("/api/llm-defaults/answer").raise_for_status()
