"""Files over SFTP, S3 and folders, each server real and on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.extracting import refused, take

COLUMNS = {"source_key": "Mã", "full_name": "Họ và tên"}
TEXT = "Mã;Họ và tên;Tôn giáo\n1;Nguyễn Văn A;x\n2;Trần Thị B;x\n"
MAPPING = {"file": "dang_vien.csv", "columns": COLUMNS}
CSV = {"connector": "csv", "delimiter": ";"}


@dataclass
class Sftp:
    url: str
    host_key: str
    user_key: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "nhan"
    path.mkdir()
    (path / "dang_vien.csv").write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def sftp(folder: Path) -> Iterator[Sftp]:
    """An SFTP server of asyncssh that serves the folder to one key and one password."""
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    loop = asyncio.new_event_loop()

    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("nop", "mat-khau-bi-mat")

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Server, server_host_keys=[host],
            authorized_client_keys=asyncssh.import_authorized_keys(user.export_public_key().decode()),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder)),
        )  # fmt: skip

    acceptor = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield Sftp(
        f"sftp://nop@127.0.0.1:{acceptor.get_port()}/",
        host.export_public_key().decode().strip(),
        user.export_private_key().decode(),
    )
    acceptor.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a moto server that speaks S3 over HTTP."""
    from moto.server import ThreadedMotoServer

    monkeypatch.delenv("AWS_PROFILE", raising=False)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_sftp_with_a_key_and_a_known_host(warehouse_url: str, sftp: Sftp) -> None:
    system = {
        **CSV,
        "location": sftp.url,
        "private_key": "${LIENTHONG_SOURCE_38_KEY}",
        "host_key": "${LIENTHONG_SOURCE_38_HOST_KEY}",
    }
    secrets = {"LIENTHONG_SOURCE_38_KEY": sftp.user_key, "LIENTHONG_SOURCE_38_HOST_KEY": sftp.host_key}
    taken = take(warehouse_url, system, "member", MAPPING, environment=secrets)
    assert taken.column("full_name") == ["Nguyễn Văn A", "Trần Thị B"]
    (file,) = taken.delivery.files
    assert (file.name, file.rows, file.size) == ("dang_vien.csv", 2, len(TEXT.encode()))
    assert file.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


def test_sftp_with_a_password(warehouse_url: str, sftp: Sftp) -> None:
    system = {**CSV, "location": sftp.url, "password": "mat-khau-bi-mat", "host_key": sftp.host_key}
    assert take(warehouse_url, system, "member", MAPPING).delivery.delivered == 2


def test_sftp_of_an_unknown_host_is_refused(warehouse_url: str, sftp: Sftp) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    system = {**CSV, "location": sftp.url, "password": "mat-khau-bi-mat", "host_key": other}
    error = refused(warehouse_url, system, "member", MAPPING)
    assert "khóa máy chủ SFTP không khớp" in error.sentence_vi


def test_sftp_that_refuses_us_does_not_show_the_password(warehouse_url: str, sftp: Sftp) -> None:
    system = {**CSV, "location": sftp.url.replace("nop@", "nop:sai-mat-khau@"), "host_key": sftp.host_key}
    error = refused(warehouse_url, system, "member", MAPPING)
    assert "từ chối truy cập" in error.sentence_vi
    assert "sai-mat-khau" not in str(error)


def test_s3(warehouse_url: str, s3: str) -> None:
    import boto3

    keys: dict[str, Any] = {"aws_access_key_id": "nop", "aws_secret_access_key": "bi-mat", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=s3, **keys)
    client.create_bucket(Bucket="nhan")
    client.put_object(Bucket="nhan", Key="38/dang_vien.csv", Body=TEXT.encode())
    manifest = {"row_count": 2, "sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "source": "38"}
    client.put_object(Bucket="nhan", Key="38/dang_vien.csv.manifest.json", Body=json.dumps(manifest).encode())
    system = {
        **CSV, "location": "s3://nhan/38", "key": "nop", "secret": "bi-mat", "endpoint_url": s3,
        "region": "us-east-1", "manifest": True,
    }  # fmt: skip
    taken = take(warehouse_url, system, "member", MAPPING)
    assert taken.column("source_key") == ["1", "2"]
    assert taken.delivery.manifest is not None
    assert taken.delivery.manifest.row_count == 2
    assert taken.delivery.manifest.sha256 == taken.delivery.files[0].sha256
    assert taken.delivery.declared_source == "38"
    missing = refused(warehouse_url, {**system, "location": "s3://khong-co/38"}, "member", MAPPING)
    assert "nơi để tệp" in missing.sentence_vi or "thư mục" in missing.sentence_vi
    assert "bi-mat" not in str(missing)


def test_an_upload_that_is_not_finished(warehouse_url: str, folder: Path) -> None:
    (folder / "dang_vien.csv.part").write_text("Mã;Họ", encoding="utf-8")
    error = refused(warehouse_url, {**CSV, "location": str(folder)}, "member", MAPPING)
    assert "“dang_vien.csv.part” đang gửi dở" in error.sentence_vi


def test_no_file_says_what_is_there(warehouse_url: str, folder: Path) -> None:
    error = refused(warehouse_url, {**CSV, "location": str(folder)}, "member", {**MAPPING, "file": "dv_*.csv"})
    assert "“dv_*.csv”" in error.sentence_vi
    assert "“dang_vien.csv”" in error.sentence_vi
    gone = refused(warehouse_url, {**CSV, "location": str(folder / "khac")}, "member", MAPPING)
    assert "không thấy thư mục nhận tệp" in gone.sentence_vi


def test_several_files_are_one_delivery(warehouse_url: str, folder: Path) -> None:
    (folder / "dang_vien_2.csv").write_text("Họ và tên;Mã\nLê Văn C;3\n", encoding="utf-8")
    taken = take(warehouse_url, {**CSV, "location": str(folder)}, "member", {**MAPPING, "file": "dang_vien*.csv"})
    assert [(r["file"], r["row_no"], r["source_key"]) for r in taken.rows] == [
        ("dang_vien.csv", 2, "1"), ("dang_vien.csv", 3, "2"), ("dang_vien_2.csv", 2, "3"),
    ]  # fmt: skip
    assert [f.rows for f in taken.delivery.files] == [2, 1]


def test_manifests_of_several_files_are_added(warehouse_url: str, folder: Path) -> None:
    (folder / "dang_vien_2.csv").write_text("Mã;Họ và tên\n3;Lê Văn C\n", encoding="utf-8")
    for name, count in (("dang_vien.csv", 2), ("dang_vien_2.csv", 1)):
        said = {"row_count": count, "sha256": "00" * 32, "control_totals": {"present": 10}, "source": "40"}
        (folder / f"{name}.manifest.json").write_text(json.dumps(said), encoding="utf-8-sig")
    system = {**CSV, "location": str(folder), "manifest": True}
    delivery = take(warehouse_url, system, "member", {**MAPPING, "file": "dang_vien*.csv"}).delivery
    assert delivery.manifest is not None
    assert (delivery.manifest.row_count, delivery.manifest.control_totals) == (3, {"present": 20.0})
    assert delivery.declared_source == "40"
    assert all(f.manifest and f.manifest.sha256 != f.sha256 for f in delivery.files)


def test_a_manifest_that_is_missing_or_not_readable(warehouse_url: str, folder: Path) -> None:
    system = {**CSV, "location": str(folder), "manifest": True}
    assert "thiếu bản kê dang_vien.csv.manifest.json" in refused(warehouse_url, system, "member", MAPPING).sentence_vi
    (folder / "dang_vien.csv.manifest.json").write_text("{row_count: 2", encoding="utf-8")
    assert (
        "bản kê dang_vien.csv.manifest.json không đọc được"
        in refused(warehouse_url, system, "member", MAPPING).sentence_vi
    )
