"""What a stack is going to run, decided before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from api import startup
from api.config import ConfigError
from deploy import supervision
from deploy.datadir import DataDir, is_free, write_private
from deploy.environment import ROOT, environment
from deploy.errors import StackError
from deploy.programs import Program, command
from deploy.services import SERVICES, Place, Service
from deploy.supervision import Managed


@dataclass(frozen=True)
class Plan:
    """Backing services with their places, ports by name, and the environment of programs."""

    services: Sequence[tuple[Service, Place]]
    ports: Mapping[str, int]
    env: Mapping[str, str] = field(repr=False)
    """It holds the secrets that programs need."""
    supervisor_password: SecretStr


def make_plan(
    data: DataDir, caller: Mapping[str, str], port: int | None, programs: Sequence[Program]
) -> Plan:
    """Choose ports, make the services' folders fit to start on, write supervisord.conf.

    `port` as Stack takes it. Raises StackError when a port is taken, a setting can't work or a
    folder is unfit.
    """
    secrets = data.secrets()
    missing = [service for service in SERVICES if not caller.get(service.setting)]
    env = environment(caller, data=data.path, embedded=[service.setting for service in missing])
    ports = data.ports(["supervisor", *(service.name for service in missing)])
    ports["api"] = _fixed_or_free(data, "api", "PORT", port, env.get("PORT") or "8000")
    ports["flower"] = _fixed_or_free(data, "flower", "FLOWER_PORT", None, env.get("FLOWER_PORT"))
    services: list[tuple[Service, Place]] = []
    for service in missing:
        bucket = env.get("S3_BUCKET", "vouch")
        place = Place(data.path / service.name, data.run, ports[service.name], secrets, bucket)
        services.append((service, place))
        env |= service.settings(place)
    if env["APP_ENV"] == "local":
        env.setdefault("SECRET_KEY", secrets["secret_key"].get_secret_value())
    env |= {"PORT": str(ports["api"]), "FLOWER_PORT": str(ports["flower"])}
    try:
        startup.settings(env)
    except ConfigError as exc:
        raise StackError(str(exc)) from exc
    for service, place in services:
        service.prepare(place)
    plan = Plan(services, ports, env, secrets["supervisor"])
    write_private(data.run / "supervisord.conf", _configuration(data, plan, programs))
    return plan


def _configuration(data: DataDir, plan: Plan, programs: Sequence[Program]) -> str:
    values = {**plan.env, "HOST": "127.0.0.1", "NODE": data.name, "RUN": str(data.run)}
    return supervision.configuration(
        root=ROOT,
        port=plan.ports["supervisor"],
        password=plan.supervisor_password.get_secret_value(),
        groups={
            "services": [
                Managed(service.name, service.argv(place), service.stop_signal, service.account)
                for service, place in plan.services
            ],
            "programs": [
                Managed(program.name, command(program.argv, values)) for program in programs
            ],
        },
    )


def _fixed_or_free(
    data: DataDir, name: str, setting: str, wanted: int | None, text: str | None
) -> int:
    """`wanted`, else what the setting's text says; a free port when that is nothing or 0."""
    if wanted is None and text:
        if not text.isdigit() or int(text) > 65535:
            raise StackError(f"{setting} must be a port from 0 to 65535, not {text!r}.")
        wanted = int(text)
    if not wanted:
        return data.ports([name])[name]
    if not is_free(wanted):
        raise StackError(
            f"Port {wanted} is taken by another program. Choose another: {setting}={wanted + 10}"
        )
    return wanted
