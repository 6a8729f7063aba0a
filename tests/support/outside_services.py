"""Services outside that tests give the parser, and what came of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.external.contract import Endpoint, Outside
from pipelines.parsers.contract import ParseOptions
from pipelines.sandbox.external_services import OutsideServices
from pipelines.sandbox.parser_process import ParserProcess
from pipelines.types import ParseWarning, Part, Segment
from tests.support.openai_server import OpenAIServer


def vision(server: OpenAIServer, *, key: str = "", stop: Stop | None = None) -> Outside:
    endpoint = Endpoint("sees", server.base_url, SecretStr(key or server.api_key))
    return OutsideServices(vision=endpoint, transcriber=Endpoint(), stop=stop or Stop())


def transcriber(server: OpenAIServer) -> Outside:
    endpoint = Endpoint("hears", server.base_url, SecretStr(server.api_key))
    return OutsideServices(vision=Endpoint(), transcriber=endpoint, stop=Stop())


def parse(process: ParserProcess, path: Path, media_type: str, outside: Outside) -> list[Part]:
    options = ParseOptions(outside=outside, transcriber="openai:hears")
    return list(process.parse(path, media_type, options))


def segments(parts: list[Part], kind: str) -> list[Segment]:
    return [segment for part in parts for segment in part.segments if segment.kind == kind]


def warnings(parts: list[Part], code: str = "degraded") -> list[ParseWarning]:
    return [warning for part in parts for warning in part.warnings if warning.code == code]
