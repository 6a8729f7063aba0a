"""Which URLs may be fetched, and which addresses may be connected to: public ones, unless listed.

A URL is taken apart here, strictly, and put together again: what two parsers could read in two
ways (user names, backslashes, numbers that stand for an address) is refused rather than understood.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from pipelines.errors import UrlRefused

MAX_URL = 2_000
PORTS = frozenset({80, 443, 8080, 8443})
DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#:@\[\]\\%]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.I,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.I)
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain")

_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        # This network; shared between carriers' customers; protocol assignments; 6to4 relays;
        # benchmarks (RFC 6890, 7526).
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        # The host's agent of one cloud listens on a public address.
        "168.63.129.16/32",
        # Addresses that carry an IPv4 address inside: IPv4-compatible and mapped, NAT64, 6to4,
        # Teredo (RFC 4291, 6052, 8215, 3056, 4380); what a translator makes of them is unknown.
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "100::/64",
        "2001:db8::/32",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


@dataclass(frozen=True)
class Target:
    """Where a URL leads. `host` is lower case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, percent-encoded."""

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts that the operator lets us reach though they are private, each with its ports.

    No port means the usual ones.
    """

    entries: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> AllowedHosts:
        """From `host[:port]`, parted by commas or spaces. Raises ValueError for anything else."""
        entries = set()
        for entry in re.split(r"[,\s]+", text.strip()):
            if not entry:
                continue
            found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?", entry.lower())
            if found is None or not 0 < int(found[2] or 1) < 65536:
                raise ValueError(f"{entry!r} is no host[:port]")
            entries.add((_plain(found[1]), int(found[2]) if found[2] else None))
        return cls(frozenset(entries))

    def has(self, host: str, port: int) -> bool:
        return (host, port) in self.entries or ((host, None) in self.entries and port in PORTS)


def check_url(text: str, allowed: AllowedHosts) -> Target:
    """Where `text` leads, if it may be asked. Resolves no name. Raises UrlRefused."""
    if len(text) > MAX_URL:
        raise UrlRefused(f"The URL is longer than {MAX_URL:,} characters.")
    if re.search(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]", text):
        raise UrlRefused("The URL holds spaces, backslashes or control characters; encode them.")
    found = _URL.fullmatch(text)
    if found is None:
        raise UrlRefused(_why(text))
    scheme = found["scheme"].lower()
    host = _host(found["host"])
    port = int(found["port"]) if found["port"] else DEFAULT_PORTS[scheme]
    check_target(host, port, allowed)
    path = quote((found["path"] or "/") + (found["query"] or ""), safe="%/?:@!$&'()*+,;=~[]|^`{}\"")
    return Target(scheme, host, port, path)


def check_target(host: str, port: int, allowed: AllowedHosts) -> None:
    """Refuse ports and hosts that can be told from their name. Raises UrlRefused."""
    if allowed.has(host, port):
        return
    if port not in PORTS:
        raise UrlRefused(
            f"Port {port} is not fetched from; the ports are 80, 443, 8080 and 8443, unless the "
            "operator lists the host with its port in FETCH_ALLOWED_HOSTS."
        )
    if address := _address(host):
        if not is_public(address):
            raise UrlRefused(_private(host))
        return
    local = any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
    if local or "." not in host:
        raise UrlRefused(_private(host))


def may_connect(host: str, port: int, address: str, allowed: AllowedHosts) -> bool:
    """Whether `address`, which `host` resolved to, may be connected to."""
    ip = _address(address)
    if ip is None:
        return False
    if allowed.has(host, port):
        # No intranet page lives on a link-local, multicast or unspecified address; secrets do.
        return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified)
    return is_public(ip)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Global unicast, and no way around it: nothing private may hide inside."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_UNICAST or address.scope_id is not None
    ):
        return False
    return not any(address in block for block in _REFUSED if block.version == address.version)


def name_of(target: Target) -> str:
    """The last part of the path, or the host: what a browser would save it as."""
    path = target.path.partition("?")[0]
    return unquote(path.rstrip("/").rpartition("/")[2]) or target.host


def _host(text: str) -> str:
    import idna

    host = _plain(text.lower())
    if not host.isascii():
        try:
            host = idna.encode(host).decode("ascii")
        except idna.IDNAError as exc:
            raise UrlRefused(f"{text!r} is no host name.") from exc
    host = host.removesuffix(".")
    if address := _address(host):
        return str(address)
    labels = host.split(".")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to some readers and names to others.
    if ":" in host or _NUMBER.fullmatch(labels[-1]):
        raise UrlRefused(f"{text!r} is no address; write it as four decimal numbers.")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused(f"{text!r} is no host name.")
    return host


def _plain(host: str) -> str:
    return host[1:-1] if host.startswith("[") else host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _why(text: str) -> str:
    scheme = re.match(r"[a-z][a-z0-9+.-]*:", text, re.I)
    if scheme is None or scheme[0].lower() not in ("http:", "https:"):
        return "Only URLs that begin with http:// or https:// are fetched."
    if "@" in re.split(r"[/?#]", text.partition("//")[2])[0]:
        return "A URL with a user name or password in it is not fetched; leave them out."
    return "This is no complete URL; it must read like https://example.com/page."


def _private(host: str) -> str:
    return (
        f"{host} is not a public address, so it is not fetched. The operator may list it in "
        "FETCH_ALLOWED_HOSTS."
    )
