"""Fetching: which URLs are never asked, and which addresses never connected to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.errors import FetchFailed, UrlRefused
from pipelines.fetching.addresses import AllowedHosts, check_url
from pipelines.fetching.snapshot import fetch
from tests.support.fetch_servers import NOBODY, SMALL, Edge, answers, page, server


def hostile_urls(corpus: Path) -> list[str]:
    """Every URL of the two lists, the lines of code blocks and inline code of the Markdown."""
    lines = (corpus / "hostile" / "open_redirect_urls.txt").read_text("utf-8").splitlines()
    text = (corpus / "hostile" / "ssrf_bypass_urls.md").read_text("utf-8")
    for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
        for line in block.splitlines():
            lines += [line.strip(), *line.split(), *line.split("url=")[1:]]
    return [*dict.fromkeys(filter(None, [*lines, *re.findall(r"`([^`\n]+)`", text)]))]


@pytest.mark.corpus
def test_no_hostile_url_leads_to_a_connection(corpus: Path, tmp_path: Path) -> None:
    """The resolver is the attacker's: every name is an address of ours."""
    urls = hostile_urls(corpus)
    assert len(urls) > 300
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    edge = Edge()
    for url in urls:
        with pytest.raises(FetchFailed):
            fetch(url, tmp_path / "x", allowed=NOBODY, limits=SMALL, resolver=resolver, inner=edge)
    assert edge.connected == []
    # What was understood as a URL was understood as a browser does.
    public = ("google.com", "whitelisteddomain.tld", "1u.ms", "r3dir.me", "brutelogic.com.br")
    assert asked
    assert [host for host in asked if not host.endswith((*public, "example.com"))] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://localhost.:80/",
        "http://foo.localhost/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://o177.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:4136:e378::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://100.100.100.200/",
        "http://169.254.169.254/latest/meta-data/",
        "http://168.63.129.16/",
        "http://192.168.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://intranet/",
        "http://metadata.google.internal/",
        "http://user:pass@example.com/",
        "http://example.com:22/",
        "http://example.com:99999/",
        "http://example.com\\@127.0.0.1/",
        "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
        "http://①②⑦.⓪.⓪.①/",
        "http://ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ/",
        "http:example.com/",
        "http:///example.com/",
        "//example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "jar:http://example.com!/",
        "javascript:alert(1)",
        "http://exa\tmple.com/",
        "http://example.com/\r\nHost: x",
        "",
        "http://",
        "http://" + "a" * 3000,
    ],
)
def test_urls_that_are_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, NOBODY)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTP://EXAMPLE.com:80/a?b=c#d", "http://example.com/a?b=c"),
        ("https://example.com:8443/ä/%2f..?q=ö", "https://example.com:8443/%C3%A4/%2f..?q=%C3%B6"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]/x", None),
        ("http://google.com:80#@127.0.0.1/", "http://google.com/"),
    ],
)
def test_urls_that_may_be_asked(url: str, read: str | None) -> None:
    assert str(check_url(url, NOBODY)) == (read or url)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["93.184.216.34", "::ffff:10.0.0.1"],
        ["fe80::1%2"],
        ["nonsense"],
        ["168.63.129.16"],
        ["2002:a00:1::"],
    ],
)
def test_every_address_of_a_name_must_be_public(addresses: list[str], tmp_path: Path) -> None:
    edge = Edge()
    with pytest.raises(UrlRefused, match="not public"):
        fetch(
            "http://example.com/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=answers(addresses),
            inner=edge,
        )
    assert edge.connected == []


def test_a_name_that_changes_is_connected_where_it_was_checked(tmp_path: Path) -> None:
    """DNS rebinding: public when asked first, private ever after."""
    with server(page("Hello")) as (port, _):
        edge = Edge(port)
        fetch(
            "http://example.com/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=answers(["93.184.216.34"], ["127.0.0.1"]),
            inner=edge,
        )
    assert edge.connected == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//localhost/",
        "http://rebound.example/",
        "file:///etc/passwd",
        "http://example.com:22/",
        "http://u:p@example.com/",
        "http:\\\\127.0.0.1/",
    ],
)
def test_a_redirect_is_checked_like_a_url(location: str, tmp_path: Path) -> None:
    def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "rebound.example" else ["93.184.216.34"]

    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    with server(answer.encode()) as (port, _):
        edge = Edge(port)
        with pytest.raises(UrlRefused):
            fetch(
                "http://example.com/",
                tmp_path / "x",
                allowed=NOBODY,
                limits=SMALL,
                resolver=resolver,
                inner=edge,
            )
        assert edge.connected == [("93.184.216.34", 80)]


def test_an_operator_may_list_a_private_host() -> None:
    allowed = AllowedHosts.parse("wiki, 10.0.0.5:9000, [::1]:81, git.corp.lan")
    for url in (
        "http://wiki/",
        "http://10.0.0.5:9000/",
        "http://[::1]:81/",
        "https://git.corp.lan/",
    ):
        assert str(check_url(url, allowed)) == url
    for url in ("http://10.0.0.5/", "http://wiki:22/", "http://other/", "http://u@wiki/"):
        with pytest.raises(UrlRefused):
            check_url(url, allowed)
    for bad in ("http://wiki", "a b:x", "wiki:0", "wiki:70000"):
        with pytest.raises(ValueError, match="host"):
            AllowedHosts.parse(bad)


def test_a_listed_host_does_not_lead_to_secrets_of_the_cloud(tmp_path: Path) -> None:
    edge = Edge()
    with pytest.raises(UrlRefused):
        fetch(
            "http://wiki/",
            tmp_path / "x",
            allowed=AllowedHosts.parse("wiki"),
            limits=SMALL,
            resolver=answers(["169.254.169.254"]),
            inner=edge,
        )
    assert edge.connected == []
