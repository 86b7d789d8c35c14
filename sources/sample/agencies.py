"""Agencies: where cadres work and what staffing is assigned to."""

from __future__ import annotations

from datetime import date

import polars as pl

from sources.sample import units
from sources.sample.bodies import BODIES
from sources.sample.draw import stream
from sources.sample.organisation_names import CENTRAL_COMMITTEES

PROVINCIAL: tuple[tuple[str, str], ...] = (
    ("Văn phòng {party}", "DANG"), ("Ban Tổ chức {party}", "DANG"), ("Ủy ban Kiểm tra {party}", "DANG"),
    ("Ban Tuyên giáo và Dân vận {party}", "DANG"), ("Ban Nội chính {party}", "DANG"),
    ("Báo và Phát thanh, Truyền hình {short}", "DANG"),
    ("Trường Chính trị {place}", "DANG"), ("Ủy ban Mặt trận Tổ quốc Việt Nam {place}", "MTTQ"),
    ("Văn phòng Đoàn đại biểu Quốc hội và Hội đồng nhân dân {place}", "NHA_NUOC"),
    ("Văn phòng Ủy ban nhân dân {place}", "NHA_NUOC"),
    ("Sở Nội vụ {place}", "NHA_NUOC"), ("Sở Tài chính {place}", "NHA_NUOC"), ("Sở Xây dựng {place}", "NHA_NUOC"),
    ("Sở Công Thương {place}", "NHA_NUOC"), ("Sở Tư pháp {place}", "NHA_NUOC"), ("Thanh tra {place}", "NHA_NUOC"),
    ("Sở Nông nghiệp và Môi trường {place}", "NHA_NUOC"), ("Sở Khoa học và Công nghệ {place}", "NHA_NUOC"),
    ("Sở Văn hóa, Thể thao và Du lịch {place}", "NHA_NUOC"), ("Sở Y tế {place}", "NHA_NUOC"),
    ("Sở Giáo dục và Đào tạo {place}", "NHA_NUOC"), ("Bệnh viện Đa khoa {place}", "SU_NGHIEP"),
    ("Bệnh viện Sản - Nhi {place}", "SU_NGHIEP"), ("Trung tâm Kiểm soát bệnh tật {place}", "SU_NGHIEP"),
    ("Trường Trung học phổ thông chuyên {short}", "SU_NGHIEP"), ("Trường Cao đẳng {short}", "SU_NGHIEP"),
    ("Trung tâm Phục vụ hành chính công {place}", "NHA_NUOC"), ("Trung tâm Khuyến nông {place}", "SU_NGHIEP"),
)  # fmt: skip
COMMUNAL: tuple[tuple[str, str], ...] = (
    ("Đảng ủy {unit}", "DANG"), ("Ủy ban nhân dân {unit}", "NHA_NUOC"), ("Trường Tiểu học {name}", "SU_NGHIEP"),
    ("Trường Trung học cơ sở {name}", "SU_NGHIEP"),
)  # fmt: skip
TYPE_OF_CENTRAL = {"T1": "DANG", "T2": "NHA_NUOC", "T3": "NHA_NUOC", "T4": "MTTQ", "T5": "LLVT", "T6": "LLVT"}


def agencies(scale: float, as_of: date, seed: int) -> pl.DataFrame:
    """Agencies with the contract's fields; the smaller the world, the fewer communes have theirs listed.

    `weight` is the relative number of staff.
    """
    rng = stream(seed, "agencies")
    share = min(1.0, 20 * scale)
    unit_of = {row["code"]: row for row in units.provinces().iter_rows(named=True)}
    by_province = units.communes(as_of).partition_by("province", as_dict=True)
    rows: list[dict[str, object]] = []
    for body in BODIES:
        unit = unit_of.get(body.code)
        common = {"source": body.code, "valid_from": date(2025, 7, 1)}
        if unit is None:
            for number, (name, _) in enumerate(CENTRAL_COMMITTEES[body.code], 1):
                rows.append(
                    common
                    | {
                        "agency_code": f"{body.m1}.{number:03d}",
                        "name": name,
                        "agency_level": "TW",
                        "agency_type": TYPE_OF_CENTRAL[body.code],
                        "weight": 1.0,
                    }
                )
            continue
        city = unit["unit_type"] == "thanh_pho_tw"
        place = f"{'thành phố' if city else 'tỉnh'} {unit['short_name']}"
        party = f"{'Thành ủy' if city else 'Tỉnh ủy'} {unit['short_name']}"
        number = 0
        for pattern, kind in PROVINCIAL:
            number += 1
            name = pattern.format(place=place, party=party, short=unit["short_name"])
            rows.append(
                common
                | {
                    "agency_code": f"{body.m1}.{number:03d}",
                    "name": name,
                    "agency_type": kind,
                    "agency_level": "TINH",
                    "administrative_unit_code": body.code,
                    "weight": 2.5 if kind == "SU_NGHIEP" else 1.0,
                }
            )
        own = by_province[(body.code,)]
        listed = sorted(rng.permutation(len(own))[: max(round(len(own) * share), 2)])
        for commune in own[listed].iter_rows(named=True):
            called = commune["name"][:1].lower() + commune["name"][1:]
            for pattern, kind in COMMUNAL:
                number += 1
                rows.append(
                    common
                    | {
                        "agency_code": f"{body.m1}.{number:03d}",
                        "agency_type": kind,
                        "agency_level": "XA",
                        "name": pattern.format(unit=called, name=commune["short_name"]),
                        "administrative_unit_code": commune["code"],
                        "weight": 1.6 if kind == "SU_NGHIEP" else 0.8,
                    }
                )
    frame = pl.DataFrame(rows, infer_schema_length=None)
    province_office = pl.when(pl.col("name").str.starts_with("Ủy ban nhân dân")).then(pl.col("source") + ".010")
    return frame.with_columns(
        parent_agency_code=pl.when(pl.col("agency_level") == "XA").then(province_office),
        valid_to=pl.lit(None, dtype=pl.Date),
    )
