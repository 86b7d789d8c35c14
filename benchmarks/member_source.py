"""A source system of any size to measure with: members in one PostgreSQL table, made by SQL."""

from __future__ import annotations

from pathlib import Path

import psycopg

from orchestration.reference import load_reference
from orchestration.warehouse import connect, prepare
from sources.registry import Source

COLUMNS = {
    "source_key": "id",
    "full_name": "ho_ten",
    "sex": "gioi_tinh",
    "birth_date": "ngay_sinh",
    "personal_id": "so_dinh_danh",
    "party_card_no": "so_the",
    "card_issue_date": "ngay_cap_the",
    "ethnicity_code": "dan_toc",
    "hometown_code": "que_quan",
    "occupation_code": "nghe_nghiep",
    "professional_education": "trinh_do",
    "admission_date": "ngay_vao_dang",
    "official_date": "ngay_chinh_thuc",
    "status": "trang_thai",
    "organisation_code": "ma_chi_bo",
    "badge_years": "huy_hieu",
}

MAKE = """
create table dang_vien as
select
    'DV' || lpad(n::text, 8, '0') as id,
    (array['Nguyễn','Trần','Lê','Phạm','Hoàng','Vũ'])[1 + n %% 6]
        || ' ' || (array['Văn','Thị','Đức','Ngọc'])[1 + n %% 4]
        || ' ' || (array['An','Bình','Châu','Dũng','Hà','Hòa','Lan','Minh'])[1 + n / 7 %% 8] as ho_ten,
    case when n %% 2 = 0 then 'Nam' else 'Nữ' end as gioi_tinh,
    to_char(date '1950-01-01' + (n * 7919 %% 11000)::integer, 'DD/MM/YYYY') as ngay_sinh,
    '099' || n %% 2 || to_char(date '1950-01-01' + (n * 7919 %% 11000)::integer, 'YY')
        || lpad((n %% 1000000)::text, 6, '0') as so_dinh_danh,
    '099' || n %% 2 || to_char(date '1950-01-01' + (n * 7919 %% 11000)::integer, 'YY')
        || lpad((n %% 1000000)::text, 6, '0') as so_the,
    date '2015-01-01' + (n %% 3000)::integer as ngay_cap_the,
    '01' as dan_toc,
    lpad((n %% 90 + 1)::text, 2, '0') as que_quan,
    lpad((n %% 15 + 1)::text, 2, '0') as nghe_nghiep,
    (n %% 7)::text as trinh_do,
    date '2000-01-01' + (n %% 8000)::integer as ngay_vao_dang,
    (date '2000-01-01' + (n %% 8000)::integer + interval '1 year')::date as ngay_chinh_thuc,
    'CHINH_THUC' as trang_thai,
    '38.' || lpad((n %% 150 + 1)::text, 3, '0') || '.001.000.' || lpad((n %% 9 + 1)::text, 3, '0') as ma_chi_bo,
    30 + n %% 3 * 10 as huy_hieu
from generate_series(1::bigint, %(rows)s::bigint) as n
"""


def database(server_url: str, name: str) -> str:
    """Create a fresh database beside the warehouse and return its URL."""
    base = server_url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
    return f"{base}/{name}"


def warehouse(server_url: str, name: str) -> str:
    """A fresh prepared warehouse and its URL."""
    url = database(server_url, name)
    with connect(url) as connection:
        prepare(connection)
        list(load_reference(connection))
    return url


def make_members(server_url: str, name: str, rows: int) -> str:
    """A source database of that many members and its URL."""
    url = database(server_url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MAKE, {"rows": rows})
        connection.execute("analyze dang_vien")
    return url


def member_source(connector: str = "database", **options: object) -> Source:
    """Source 38 with its members in one system."""
    where: dict[str, object] = {"table": "dang_vien"} if connector == "database" else {}
    return Source.model_validate(
        {
            "code": "38",
            "name": "Nguồn đo",
            "limits": {"seconds": 900, "memory_mb": 512, "file_mb": 1000},
            "systems": {"party": {"connector": connector, "url": "${LIENTHONG_SOURCE_38_URL}", **options}},
            "records": {"member": {"system": "party", "columns": COLUMNS, **where}},
        }
    )


def bench_home(folder: str) -> Path:
    """A home of the benchmark's own, so that the night's release is left alone."""
    home = Path(folder) / "home"
    home.mkdir(exist_ok=True)
    return home
