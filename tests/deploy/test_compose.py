"""docker-compose.yml, held against the specification, the embedded stack and the settings."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from api.config import SETTINGS
from deploy.programs import PREPARE, PROGRAMS, command

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT.parent / "shared" / "data" / "schemas" / "compose-spec.json"

DEPLOYMENT_ONLY = {"DATABASE_PASSWORD", "REDIS_PASSWORD", "S3_PORT"}
"""Read by docker-compose.yml itself; the application sees them inside URLs, or not at all."""

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::?([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def ours(compose: dict[str, Any]) -> dict[str, Any]:
    """The services that run our image."""
    return {
        name: service
        for name, service in compose["services"].items()
        if service["image"] == "vouch"
    }


def filled_in(word: str) -> str:
    """As compose would, with nothing set in the environment."""
    return VARIABLE.sub(lambda found: found[3] or "", word).replace("$$", "$")


@pytest.mark.corpus
def test_it_is_valid_compose(compose: dict[str, Any]) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"{SCHEMA} is missing: it lies beside the checkout, not in it")
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(compose)


def test_every_program_runs_with_the_command_of_the_embedded_stack(
    compose: dict[str, Any],
) -> None:
    inside = {"HOST": "0.0.0.0", "NODE": "%h", "RUN": "/tmp"}
    expected = {program.name: command(program.argv, inside) for program in PROGRAMS}
    expected["migrate"] = list(PREPARE)
    found = {
        name: [filled_in(word) for word in service["command"]]
        for name, service in ours(compose).items()
    }
    assert found == expected


def test_it_has_the_parts_of_the_house(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) - set(ours(compose)) == {
        *("db", "redis", "minio", "chroma", "nginx")
    }
    unchecked = {
        name for name, service in compose["services"].items() if "healthcheck" not in service
    }
    assert unchecked == {"migrate"}


def test_every_variable_is_a_setting(compose: dict[str, Any]) -> None:
    known = {setting.name for setting in SETTINGS}
    for name, service in ours(compose).items():
        assert set(service["environment"]) <= known, name
    # In values and commands, not in comments.
    used = {found[1] for found in VARIABLE.finditer(json.dumps(compose))}
    assert used - known == DEPLOYMENT_ONLY


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    secrets = {
        *("SECRET_KEY", "DATABASE_PASSWORD", "REDIS_PASSWORD"),
        *("S3_ACCESS_KEY", "S3_SECRET_KEY"),
    }
    required = {
        found[1]: found[2] == "?"
        for found in VARIABLE.finditer(json.dumps(compose))
        if found[1] in secrets
    }
    assert required == dict.fromkeys(secrets, True)
    environment = compose["services"]["api"]["environment"]
    assert filled_in(environment["APP_ENV"]) not in {"local", ""}


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            healthy = how["condition"] == "service_healthy"
            assert healthy == ("healthcheck" in services[needed]), (name, needed)


def test_nginx_lets_events_and_uploads_pass() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    stream = re.search(r"location /stream/ \{(.*?)\n    \}", text, re.DOTALL)
    assert stream is not None
    assert "proxy_buffering off;" in stream[1]
    assert re.search(r"proxy_read_timeout \d+h;", stream[1])
    store = text[text.index("listen 9000") :]
    assert "client_max_body_size 0;" in store
    assert "proxy_set_header Host $http_host;" in store
