"""Names of the peoples whose customs of naming differ most from the Kinh's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from sources.sample.draw import choose


@dataclass(frozen=True)
class Custom:
    """How one people forms names: words before the given name, given names, and clan names behind it."""

    before_m: tuple[str, ...]
    before_f: tuple[str, ...]
    given_m: tuple[str, ...] = ()
    given_f: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


#: Peoples that keep Kinh middle and given names behind surnames of their own.
OWN_SURNAMES: dict[str, tuple[str, ...]] = {
    "02": ("Nông", "Hoàng", "Ma", "Lý", "Bế", "Đàm", "Triệu", "Lương", "Hà", "Chu", "La", "Mã"),
    "03": ("Lò", "Quàng", "Cà", "Lường", "Vi", "Cầm", "Điêu", "Tòng", "Lô", "Hà", "Kha", "Bạc"),
    "05": ("Thạch", "Sơn", "Kim", "Lâm", "Danh", "Châu", "Kiên", "Trà", "Tăng", "Liêu"),
    "06": ("Bùi", "Đinh", "Quách", "Hà", "Bạch", "Xa", "Phùng", "Trương", "Phạm"),
    "07": ("Nông", "Hoàng", "Lý", "Vi", "Lương", "Hứa", "Mông", "Lục", "Đàm", "Triệu"),
    "09": ("Triệu", "Bàn", "Phàn", "Chảo", "Đặng", "Tẩn", "Lý", "Phùng", "Dương"),
    "15": ("Hoàng", "Ninh", "Trần", "La", "Lục", "Sầm", "Tiêu"),
    "17": ("Đàng", "Thành", "Bá", "Lưu", "Quảng", "Từ", "Châu", "Thiết"),
    "23": ("Hồ",),
    "25": ("Vàng", "Lục", "Sần", "Lù", "Nông"),
}

CUSTOMS: dict[str, Custom] = {
    "08": Custom(
        ("Vàng A", "Giàng A", "Sùng A", "Thào A", "Mùa A", "Hờ A", "Cứ A", "Vừ A", "Hạng A", "Lầu A", "Giàng Seo",
         "Ma Seo", "Lý A"),
        ("Vàng Thị", "Giàng Thị", "Sùng Thị", "Thào Thị", "Mùa Thị", "Hờ Thị", "Hạng Thị", "Lầu Thị", "Lý Thị"),
        ("Chứ", "Dế", "Dơ", "Lử", "Páo", "Phử", "Sính", "Sử", "Tủa", "Vảng", "Chống", "Già", "Khua", "Nủ", "Pó"),
        ("Mỷ", "Dợ", "Sua", "Mai", "Dí", "Chía", "Pàng", "Say", "Xua", "Mảy", "Ca", "Dúa"),
    ),
    "10": Custom(
        ("Rơ Chăm", "Ksor", "Siu", "Rah Lan", "Kpă", "Rmah", "Nay", "Rơ Mah"),
        ("Rơ Chăm H'", "Ksor H'", "Siu H'", "Rah Lan H'", "Kpă H'", "Rmah H'", "Nay H'"),
        ("Blâm", "Hyao", "Thanh", "Wưng", "Phi", "Jú", "Klơ", "Hlưm", "Djuang", "Bơr"),
        ("Lan", "Mơ", "Nga", "Phiên", "Bliăk", "Nhung", "Wêl", "Drin"),
    ),
    "12": Custom(
        ("Y",), ("H'",),
        ("Blơ", "Thông", "Khăm", "Wem", "Nguê", "Bhiông", "Djuang", "Luyện", "Sơn", "Hăk"),
        ("Hen", "Bia", "Wiên", "Nhung", "Yim", "Loan", "Djuôn", "Bliăk"),
        ("Niê", "Mlô", "Êban", "Ayŭn", "Byă", "Kbuôr", "Kpă", "Hmŏk", "Niê Kđăm", "Adrơng"),
    ),
    "13": Custom(
        ("Đinh", "A", "Đinh Văn"), ("Đinh Thị", "Y"),
        ("Hmưnh", "Lưm", "Ngưp", "Byưk", "Thênh", "Klơng", "Phơi"), ("Hlinh", "Byưn", "Thơm", "Nhơn", "Byên"),
    ),
    "14": Custom(
        ("A",), ("Y",), ("Thút", "Dung", "Hiang", "Lăng", "Đun", "Tia", "Vượng"), ("Bla", "Ngọc", "Hiền", "Xuân"),
    ),
    "16": Custom(
        ("Cil K'", "Kon Sa K'", "Rơ Ông K'", "Liêng Jrang Ha", "K' "), ("Cil Ka", "Kon Sơ Ka", "Lơ Mu Ka", "Ka "),
        ("Bril", "Brểu", "Brôi", "Tư", "Sang", "Nhân", "Hoàng"), ("Nhẻo", "Hiền", "Mai", "Thuyên", "Dịu"),
    ),
}  # fmt: skip


def minority_names(rng: np.random.Generator, people: str, sex: pl.Series, kinh: pl.Series) -> pl.Series | None:
    """Names of one people, or None where its names follow the Kinh's."""
    n = len(sex)
    if people in OWN_SURNAMES:
        return choose(rng, OWN_SURNAMES[people], n) + kinh.str.replace(r"^\S+", "")
    if people not in CUSTOMS:
        return None
    custom = CUSTOMS[people]
    parts = pl.DataFrame(
        {
            "sex": sex,
            "before_m": choose(rng, custom.before_m, n),
            "before_f": choose(rng, custom.before_f, n),
            "given_m": choose(rng, custom.given_m, n),
            "given_f": choose(rng, custom.given_f, n),
            "behind": choose(rng, custom.behind or ("",), n),
        }
    )
    man = pl.concat_str("before_m", "given_m", "behind", separator=" ")
    woman = pl.concat_str("before_f", "given_f", "behind", separator=" ")
    joined = pl.when(pl.col("sex") == "M").then(man).otherwise(woman)
    return parts.select(
        joined.str.replace_all("' ", "'", literal=True).str.replace_all(r"\s+", " ").str.strip_chars()
    ).to_series()
