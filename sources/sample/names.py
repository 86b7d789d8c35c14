"""Names of invented persons, by people, region, sex and year of birth.

Surname shares follow published estimates (configurable weights, not facts); the lists of middle and
given names are this project's own.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from sources.sample.draw import choose, flags, pick
from sources.sample.minority_names import minority_names

SURNAMES: dict[str, float] = {
    "Nguyễn": 31.5, "Trần": 10.9, "Lê": 8.9, "Phạm": 5.9, "Hoàng": 5.1, "Vũ": 4.9, "Phan": 2.8, "Trương": 2.2,
    "Bùi": 2.1, "Đặng": 1.9, "Đỗ": 1.9, "Ngô": 1.7, "Hồ": 1.5, "Dương": 1.4, "Đinh": 1.0, "Lý": 0.9, "Đào": 0.9,
    "Đoàn": 0.9, "Lương": 0.8, "Mai": 0.8, "Trịnh": 0.8, "Lâm": 0.7, "Cao": 0.7, "Tạ": 0.6, "Tô": 0.6, "Hà": 0.6,
    "Thái": 0.5, "Châu": 0.5, "Chu": 0.5, "Kiều": 0.4, "Quách": 0.3, "La": 0.3, "Nghiêm": 0.3, "Phùng": 0.5,
    "Lưu": 0.5, "Tăng": 0.3, "Thân": 0.3, "Vương": 0.3, "Hứa": 0.2, "Văn": 0.2, "Từ": 0.2, "Đồng": 0.2,
    "Doãn": 0.2, "Khuất": 0.2, "Cù": 0.2, "Bạch": 0.2, "Ninh": 0.2, "Tống": 0.2, "Viên": 0.1, "Âu": 0.1,
}  # fmt: skip
SOUTHERN = {"Hoàng": "Huỳnh", "Vũ": "Võ"}

MIDDLE_M: tuple[str, ...] = (
    "Đức", "Hữu", "Quang", "Minh", "Ngọc", "Thanh", "Xuân", "Công", "Đình", "Trọng", "Duy", "Anh", "Hoàng", "Quốc",
    "Tiến", "Thành", "Việt", "Mạnh", "Bá", "Viết", "Danh", "Hồng", "Gia", "Khắc", "Đăng", "Thế", "Như", "Sỹ", "Tuấn",
    "Huy", "Phúc", "Chí", "Nhật", "Hải",
)  # fmt: skip
MIDDLE_F: tuple[str, ...] = (
    "Ngọc", "Thanh", "Thu", "Kim", "Hồng", "Thúy", "Phương", "Bích", "Mai", "Minh", "Lan", "Diệu", "Tuyết", "Hoài",
    "Quỳnh", "Khánh", "Mỹ", "Như", "Bảo", "Ánh", "Cẩm", "Hải", "Huyền", "Kiều", "Thùy", "Tố", "Vân", "Xuân", "Yến",
    "Lệ", "Nguyệt", "Hà",
)  # fmt: skip
GIVEN_M: tuple[str, ...] = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hùng", "Khánh", "Long", "Minh", "Nam", "Phong", "Quân", "Sơn",
    "Thắng", "Trung", "Tuấn", "Việt", "Vinh", "Hòa", "Hoàng", "Huy", "Khoa", "Lâm", "Lợi", "Mạnh", "Nghĩa", "Phúc",
    "Quang", "Tài", "Tâm", "Thành", "Thịnh", "Tiến", "Toàn", "Trường", "Tùng", "Vũ", "Xuân", "Bảo", "Chiến", "Chính",
    "Công", "Danh", "Định", "Đông", "Đức", "Giang", "Hà", "Hiếu", "Hiển", "Hồng", "Hưng", "Kiên", "Kỳ", "Lập", "Luân",
    "Lực", "Nhân", "Nhật", "Phát", "Phú", "Quý", "Quyết", "Sang", "Sáng", "Tân", "Thái", "Thanh", "Thuận", "Thủy",
    "Tín", "Trí", "Trọng", "Tú", "Tường", "Văn", "Vượng", "Bắc", "Bằng", "Biên", "Ca", "Cảnh", "Cần", "Chương", "Cương",
    "Dân", "Dương", "Duy", "Đại", "Đăng", "Điền", "Đoàn", "Hạnh", "Hiệp", "Hòe", "Hợp", "Huân", "Khang", "Khôi",
    "Khương", "Liêm", "Linh", "Lộc", "Luyện", "Lương", "Ngọc", "Nguyên", "Ninh", "Oánh", "Phước", "Sinh", "Tấn",
    "Thạch", "Thiện", "Thọ", "Thông", "Tích", "Tịnh", "Toản", "Trực", "Tuyên", "Úy", "Viễn", "Yên", "Hoàn", "Khải",
)  # fmt: skip
GIVEN_F: tuple[str, ...] = (
    "Anh", "Bình", "Chi", "Dung", "Giang", "Hà", "Hạnh", "Hằng", "Hiền", "Hoa", "Hòa", "Hồng", "Huệ", "Hương", "Lan",
    "Liên", "Linh", "Loan", "Mai", "Nga", "Ngọc", "Nhung", "Oanh", "Phương", "Quyên", "Quỳnh", "Tâm", "Thảo", "Thu",
    "Thủy", "Thúy", "Trang", "Tuyết", "Vân", "Xuân", "Yến", "Ánh", "Bích", "Cúc", "Châu", "Chinh", "Đào", "Diễm",
    "Điệp", "Duyên", "Gấm", "Hậu", "Hiên", "Hoài", "Hoàn", "Huyền", "Khánh", "Kiều", "Kim", "Lam", "Lệ", "Liễu", "Lý",
    "Mến", "Minh", "Mơ", "My", "Mỹ", "Na", "Ngà", "Ngân", "Nguyệt", "Nhàn", "Như", "Nụ", "Phúc", "Phượng", "Sen",
    "Sinh", "Soan", "Thanh", "Thắm", "Thêm", "Thi", "Thoa", "Thơm", "Thuận", "Thùy", "Thư", "Thương", "Tình", "Trà",
    "Trâm", "Trinh", "Tươi", "Uyên", "Vi", "Vinh", "Xoan", "Ý", "Yên", "Hải", "Ái", "An", "Bảo", "Cẩm", "Diệu", "Đoan",
    "Hảo", "Hợp", "Hường", "Khuyên", "Lành", "Luyến", "Lụa", "Lương", "Miền", "Nết", "Nhi", "Nhiên", "Phấn", "Quý",
    "Tú", "Tuyền", "Vui", "Thái", "Thịnh", "Tuyến", "Tố", "Lựu",
)  # fmt: skip


def _middle(rng: np.random.Generator, sex: pl.Series, birth_year: pl.Series) -> pl.Series:
    """Middle names: Văn and Thị fade from the generation of 1950 to that of 2000."""
    n = len(sex)
    age = ((birth_year.to_numpy() - 1950) / 50).clip(0, 1)
    plain = rng.random(n)
    return pl.select(
        pl.when(sex == "M")
        .then(pl.when(pl.Series(plain < 0.42 - 0.30 * age)).then(pl.lit("Văn")).otherwise(choose(rng, MIDDLE_M, n)))
        .otherwise(
            pl.when(pl.Series(plain < 0.62 - 0.45 * age)).then(pl.lit("Thị")).otherwise(choose(rng, MIDDLE_F, n))
        )
    ).to_series()


def kinh_names(rng: np.random.Generator, sex: pl.Series, birth_year: pl.Series, region: pl.Series) -> pl.Series:
    """Full names of the Kinh: mostly three syllables, a quarter of four, a few of two."""
    n = len(sex)
    surname = pick(rng, SURNAMES, n)
    southern = surname.replace(SOUTHERN)
    middle, given = (
        _middle(rng, sex, birth_year),
        pl.select(pl.when(sex == "M").then(choose(rng, GIVEN_M, n)).otherwise(choose(rng, GIVEN_F, n))).to_series(),
    )
    second = pl.select(
        pl.when(sex == "M").then(choose(rng, MIDDLE_M, n)).otherwise(choose(rng, MIDDLE_F, n))
    ).to_series()
    syllables = rng.random(n)
    keep_southern = flags(rng, 0.9, n)
    frame = pl.DataFrame({"middle": middle, "given": given, "second": second, "region": region}).with_columns(
        surname=pl.when((region == "S") & pl.Series(keep_southern)).then(southern).otherwise(surname),
        u=pl.Series(syllables),
    )
    return frame.select(
        pl.when(pl.col("u") < 0.05)
        .then(pl.concat_str("surname", "given", separator=" "))
        .when((pl.col("u") < 0.30) & (pl.col("second") != pl.col("given")) & (pl.col("second") != pl.col("middle")))
        .then(pl.concat_str("surname", "middle", "second", "given", separator=" "))
        .otherwise(pl.concat_str("surname", "middle", "given", separator=" "))
    ).to_series()


def full_names(
    rng: np.random.Generator, sex: pl.Series, birth_year: pl.Series, region: pl.Series, ethnicity: pl.Series
) -> pl.Series:
    """Full names, one per person, NFC, title case, tone on the first vowel of an open pair (hòa)."""
    names = kinh_names(rng, sex, birth_year, region)
    frame = pl.DataFrame({"row": pl.int_range(len(sex), eager=True), "sex": sex, "ethnicity": ethnicity})
    for (code,), part in sorted(frame.partition_by("ethnicity", as_dict=True).items()):
        own = minority_names(rng, str(code), part["sex"], names.gather(part["row"]))
        if own is not None:
            names = names.scatter(part["row"], own)
    return names
