"""The services of the sample world really listen: pages, tokens, changes since, SFTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncssh
import httpx
import pytest

from sources.registry import resolve
from sources.sample.services import sample_services
from sources.sample.styles import registered


@pytest.fixture(scope="module")
def known(sample_folder: Path) -> Iterator[dict[str, str]]:
    with sample_services(sample_folder) as environment:
        yield environment


def test_every_system_can_be_resolved(known: dict[str, str]) -> None:
    for source in registered().values():
        for system in source.systems:
            resolve(source, system, known)


def _get(known: dict[str, str], code: str, path: str, token: str | None = None, **query: str) -> httpx.Response:
    url = known[f"LIENTHONG_SOURCE_{code}_URL"]
    bearer = known[f"LIENTHONG_SOURCE_{code}_TOKEN"] if token is None else token
    return httpx.get(url + path, params=query, headers={"authorization": f"Bearer {bearer}"}, trust_env=False)


def test_pages_add_up_to_the_whole(known: dict[str, str], sample_folder: Path) -> None:
    mapping = registered()["31"].records["member"]
    items, following = [], str(mapping.options["path"])
    base = urlsplit(known["LIENTHONG_SOURCE_31_URL"])
    answer = _get(known, "31", following, page_size="40").json()
    while True:
        items += answer[str(mapping.options["items"])]
        if not (following := answer[str(mapping.options["next"])]):
            break
        token = known["LIENTHONG_SOURCE_31_TOKEN"]
        address = f"{base.scheme}://{base.netloc}{following}"
        answer = httpx.get(address, headers={"authorization": f"Bearer {token}"}, trust_env=False).json()
    lines = (sample_folder / "sources" / "31" / "rest" / "dang-vien.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(items) == len(lines) > 80
    key = mapping.columns["source_key"]
    assert len({item[key] for item in items}) == len(items)


@pytest.mark.parametrize("token", ["wrong", "x.y.z"])
def test_wrong_tokens_are_refused(known: dict[str, str], token: str) -> None:
    assert _get(known, "92", "/dang-vien", token=token).status_code == 401


def test_a_token_of_one_source_does_not_open_another(known: dict[str, str]) -> None:
    assert _get(known, "31", "/dang-vien", token=known["LIENTHONG_SOURCE_92_TOKEN"]).status_code == 401


def test_unknown_records_and_bad_pages(known: dict[str, str]) -> None:
    assert _get(known, "92", "/luong").status_code == 404
    assert _get(known, "92", "/dang-vien", page_size="nhiều").status_code == 400


def test_client_credentials(known: dict[str, str]) -> None:
    address = known["LIENTHONG_SOURCE_48_TOKEN_URL"]
    client = known["LIENTHONG_SOURCE_48_CLIENT_ID"], known["LIENTHONG_SOURCE_48_CLIENT_SECRET"]
    fields = {"grant_type": "client_credentials"}
    assert httpx.post(address, data=fields, auth=(client[0], "wrong"), trust_env=False).status_code == 401
    for answer in (
        httpx.post(address, data=fields, auth=client, trust_env=False),
        httpx.post(address, data=fields | {"client_id": client[0], "client_secret": client[1]}, trust_env=False),
    ):
        assert _get(known, "48", "/dang-vien", token=answer.json()["access_token"]).status_code == 200


def test_changes_since_a_moment(known: dict[str, str]) -> None:
    options = registered()["92"].records["member"].options
    cursor, deleted = str(options["cursor"]), str(options["deleted"])
    every = _get(known, "92", "/dang-vien", page_size="1000").json()[str(options["items"])]
    moments = sorted(item[cursor] for item in every)
    middle = moments[len(moments) // 2]
    some = _get(known, "92", "/dang-vien", page_size="1000", updated_since=middle).json()[str(options["items"])]
    assert 0 < len(some) < len(every)
    assert all(item[cursor] > middle for item in some)
    assert sum(item[deleted] for item in every) == 3


async def _listing(known: dict[str, str], code: str, **login: object) -> list[str]:
    address = urlsplit(known[f"LIENTHONG_SOURCE_{code}_FILES"])
    hosts = asyncssh.import_known_hosts(f"[127.0.0.1]:{address.port} {known[f'LIENTHONG_SOURCE_{code}_HOST_KEY']}\n")
    options: dict[str, object] = {
        "username": address.username,
        "known_hosts": hosts,
        "client_keys": None,
        "agent_path": None,
    }
    async with (
        asyncssh.connect("127.0.0.1", address.port, **(options | login)) as connection,
        connection.start_sftp_client() as files,
    ):
        with pytest.raises(asyncssh.SFTPError):
            await files.open("/new.csv", "w")
        return [str(name) for name in await files.listdir("/")]


def test_files_by_password_and_by_key(known: dict[str, str]) -> None:
    import asyncio

    by_password = asyncio.run(_listing(known, "68", password=known["LIENTHONG_SOURCE_68_PASSWORD"]))
    key = asyncssh.import_private_key(known["LIENTHONG_SOURCE_91_KEY"])
    by_key = asyncio.run(_listing(known, "91", client_keys=[key]))
    for names in (by_password, by_key):
        assert {"dang_vien.csv", "dang_vien.csv.manifest.json"} <= set(names)


def test_wrong_passwords_are_refused(known: dict[str, str]) -> None:
    import asyncio

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(_listing(known, "68", password="wrong"))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(_listing(known, "91", password="wrong"))
