"""From contract fields to a source's own columns, codes and extras, as its registry file declares them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sources.contract import load_contracts
from sources.registry import RecordMapping, Source
from sources.sample.draw import choose, stream
from sources.sample.styles import STYLES
from sources.sample.truth import FaultLog

#: Items that paper forms hold and the warehouse must never take; some sources send them all the same.
FORBIDDEN: dict[str, dict[str, tuple[str, ...]]] = {
    "member": {
        "ton_giao|Tôn giáo": ("Không", "Phật giáo", "Công giáo", "Cao Đài", "Hòa Hảo"),
        "thanh_phan_gia_dinh|Thành phần gia đình": ("Bần nông", "Trung nông", "Cố nông", "Công nhân", "Viên chức"),
        "quan_he_nuoc_ngoai|Quan hệ với nước ngoài": ("Không", "Có người thân ở Đức", "Có người thân ở Hoa Kỳ"),
        "nguoi_gioi_thieu|Người giới thiệu vào Đảng": ("Nguyễn Văn Phúc", "Trần Thị Hoa", "Lê Quang Vinh"),
    },
    "cadre": {
        "ton_giao|Tôn giáo": ("Không", "Phật giáo", "Công giáo"),
        "tinh_trang_suc_khoe|Tình trạng sức khỏe": ("Tốt", "Bình thường", "Viêm gan B", "Huyết áp cao"),
        "lich_su_ban_than|Lịch sử bản thân": ("Bản thân tham gia du kích năm 1972", "Không có vấn đề"),
        "ho_ten_vo_chong|Họ tên vợ hoặc chồng": ("Phạm Thị Lan", "Đỗ Văn Hải", "Vũ Thị Nga"),
    },
}
#: Harmless columns that the contract does not name.
FURTHER = {
    "member": ("ghi_chu|Ghi chú", "nguoi_nhap|Người nhập"),
    "cadre": ("ghi_chu|Ghi chú",),
    "organisation": ("dien_thoai|Điện thoại",),
    "agency": ("dia_chi|Địa chỉ",),
}


@dataclass(frozen=True)
class Shaped:
    """One record of one source as it will be written: `frame` has the source's own columns, in order.

    `fields` says which contract field a column is; other columns are the source's own affair.
    """

    source: Source
    record: str
    mapping: RecordMapping
    frame: pl.DataFrame
    fields: dict[str, str]

    @property
    def style_dates(self) -> str:
        """How the source writes dates."""
        return STYLES[self.source.code].dates

    def type_of(self, column: str) -> str:
        """Physical type of the contract field behind a column, text for the source's own columns."""
        field = self.fields.get(column)
        return load_contracts()[self.record].by_name[field].physical_type if field else "text"

    @property
    def title(self) -> str:
        """What the record is called in headings."""
        return load_contracts()[self.record].business_name


def _named(name: str, headings: bool) -> str:
    return name.split("|")[1 if headings else 0]


def shape(source: Source, record: str, said: pl.DataFrame, seed: int, log: FaultLog) -> Shaped:
    """Rename, use the source's own codes, add what it sends besides, repeat its heading where it does so."""
    mapping = source.records[record]
    rng = stream(seed, f"shape {source.code} {record}")
    delta = mapping.mode == "delta"
    if not delta and "gone" in said.columns:
        said = said.filter(~pl.col("gone"))
    frame = said.select(
        pl.col(f).replace({code: own for own, code in reversed(mapping.values.get(f, {}).items())}).alias(f)
        for f in mapping.columns
    ).rename(mapping.columns)
    headings = mapping.options.get("file") is not None and source.systems[mapping.system].connector == "workbook"
    n = len(frame)
    if "forbidden_columns" in STYLES[source.code].tags and record in FORBIDDEN:
        log.delivery(source.code, record, "forbidden columns")
        frame = frame.with_columns(choose(rng, v, n).alias(_named(k, headings)) for k, v in FORBIDDEN[record].items())
    if sorted(STYLES).index(source.code) % 3 == 0:
        frame = frame.with_columns(
            pl.lit(None, dtype=pl.String).alias(_named(k, headings)) for k in FURTHER.get(record, ())
        )
    if delta:
        frame = frame.with_columns(
            said["updated_on"].alias(str(mapping.options["cursor"])),
            said["gone"].cast(pl.Int8).cast(pl.String).alias(str(mapping.options["deleted"])),
        )
    if record == "member" and "header_as_data" in STYLES[source.code].tags and n:
        log.delivery(source.code, record, "DQ07")
        repeated = pl.DataFrame([dict(zip(frame.columns, frame.columns, strict=True))], schema=frame.schema)
        frame = pl.concat([frame[: n // 3], repeated, frame[n // 3 :]])
    return Shaped(source, record, mapping, frame, {own: f for f, own in mapping.columns.items()})
