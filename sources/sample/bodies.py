"""The 40 reporting bodies: their codes, weight, peoples and structural regime.

Populations (in thousands) and shares of peoples are round figures for weighting the invented world, not
statistics. Codes of central committees (M1) are not published: the two-digit numbers below were never
province codes and are an assumption to be replaced by the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

COUNTRY_MEMBERS = 5_600_000
COUNTRY_STAFF = 2_200_000
COUNTRY_BASIC_ORGANISATIONS = 52_000
COUNTRY_CELLS = 240_000

#: Three-level structure (208-QĐ/TW) from this day; conversion goes on until the end of September 2026.
REGIME_B_FROM = date(2026, 7, 26)

CENTRAL_M1 = {"T1": "85", "T2": "88", "T3": "90", "T4": "97", "T5": "98", "T6": "99"}


@dataclass(frozen=True)
class Body:
    """One reporting body; `population` in thousands, `members` in thousands where published or assumed."""

    code: str
    name: str
    region: str
    population: int
    members: float | None = None
    staff: float | None = None
    converted: date | None = None
    peoples: tuple[tuple[str, float], ...] = ()

    @property
    def m1(self) -> str:
        """First group of the party organisation code."""
        return CENTRAL_M1.get(self.code, self.code)

    @property
    def central(self) -> bool:
        """Whether this is one of the six committees of the Centre."""
        return self.code in CENTRAL_M1


def _on(month: int, day: int) -> date:
    return date(2026, month, day)


BODIES: tuple[Body, ...] = (
    Body("01", "Thành ủy Hà Nội", "N", 8700, members=500),
    Body("04", "Tỉnh ủy Cao Bằng", "N", 550, converted=_on(9, 10),
         peoples=(("02", 41), ("07", 30), ("08", 10), ("09", 10))),
    Body("08", "Tỉnh ủy Tuyên Quang", "N", 1870, peoples=(("02", 26), ("08", 17), ("09", 14), ("07", 6), ("15", 4))),
    Body("11", "Tỉnh ủy Điện Biên", "N", 670, peoples=(("08", 38), ("03", 36), ("29", 3))),
    Body("12", "Tỉnh ủy Lai Châu", "N", 500, converted=_on(9, 20),
         peoples=(("03", 32), ("08", 24), ("09", 13), ("35", 3), ("25", 3))),
    Body("14", "Tỉnh ủy Sơn La", "N", 1330, peoples=(("03", 53), ("08", 16), ("06", 7))),
    Body("15", "Tỉnh ủy Lào Cai", "N", 1800, peoples=(("02", 17), ("08", 16), ("09", 12), ("03", 6), ("25", 4))),
    Body("19", "Tỉnh ủy Thái Nguyên", "N", 1800, converted=_on(8, 31), peoples=(("02", 22), ("07", 6), ("09", 4))),
    Body("20", "Tỉnh ủy Lạng Sơn", "N", 820, converted=_on(9, 5), peoples=(("07", 42), ("02", 36), ("09", 4))),
    Body("22", "Tỉnh ủy Quảng Ninh", "N", 1430, converted=_on(8, 20), peoples=(("09", 5), ("02", 3), ("18", 1))),
    Body("24", "Tỉnh ủy Bắc Ninh", "N", 3600, peoples=(("07", 3), ("02", 2), ("15", 1))),
    Body("25", "Tỉnh ủy Phú Thọ", "N", 4000, members=256, peoples=(("06", 20), ("09", 2), ("15", 1))),
    Body("31", "Thành ủy Hải Phòng", "N", 4700, converted=_on(9, 1)),
    Body("33", "Tỉnh ủy Hưng Yên", "N", 3600),
    Body("37", "Tỉnh ủy Ninh Bình", "N", 4400, converted=_on(9, 25), peoples=(("06", 1),)),
    Body("38", "Tỉnh ủy Thanh Hóa", "C", 4400, converted=_on(9, 28), peoples=(("06", 9), ("03", 6))),
    Body("40", "Tỉnh ủy Nghệ An", "C", 3800, peoples=(("03", 10), ("24", 2), ("29", 1))),
    Body("42", "Tỉnh ủy Hà Tĩnh", "C", 1600, converted=_on(8, 25)),
    Body("44", "Tỉnh ủy Quảng Trị", "C", 1870, peoples=(("23", 6), ("31", 1))),
    Body("46", "Thành ủy Huế", "C", 1400, peoples=(("31", 3), ("26", 1))),
    Body("48", "Thành ủy Đà Nẵng", "C", 3070, converted=_on(9, 3), peoples=(("26", 3), ("14", 2), ("27", 1))),
    Body("51", "Tỉnh ủy Quảng Ngãi", "C", 2160, peoples=(("14", 9), ("19", 7), ("13", 4))),
    Body("52", "Tỉnh ủy Gia Lai", "C", 3580, members=147, peoples=(("10", 14), ("13", 7))),
    Body("56", "Tỉnh ủy Khánh Hòa", "C", 2240, converted=_on(9, 15), peoples=(("21", 6), ("17", 4))),
    Body("66", "Tỉnh ủy Đắk Lắk", "C", 3350, peoples=(("12", 12), ("07", 3), ("10", 1))),
    Body("68", "Tỉnh ủy Lâm Đồng", "C", 3870, converted=_on(9, 22), peoples=(("16", 5), ("20", 3), ("28", 1))),
    Body("75", "Tỉnh ủy Đồng Nai", "S", 4500, converted=_on(9, 8), peoples=(("22", 3), ("04", 2))),
    Body("79", "Thành ủy Thành phố Hồ Chí Minh", "S", 14000, members=366, peoples=(("04", 3),)),
    Body("80", "Tỉnh ủy Tây Ninh", "S", 3250, peoples=(("05", 1),)),
    Body("82", "Tỉnh ủy Đồng Tháp", "S", 4370, converted=_on(9, 12)),
    Body("86", "Tỉnh ủy Vĩnh Long", "S", 4260, members=152, peoples=(("05", 9),)),
    Body("91", "Tỉnh ủy An Giang", "S", 4950, peoples=(("05", 6), ("04", 1))),
    Body("92", "Thành ủy Cần Thơ", "S", 4200, converted=_on(9, 18), peoples=(("05", 10), ("04", 2))),
    Body("96", "Tỉnh ủy Cà Mau", "S", 2600, peoples=(("05", 4),)),
    Body("T1", "Đảng ủy các cơ quan Đảng Trung ương", "N", 0, members=60, staff=3),
    Body("T2", "Đảng ủy Chính phủ", "N", 0, members=210, staff=105),
    Body("T3", "Đảng ủy Quốc hội", "N", 0, members=6, staff=1.1),
    Body("T4", "Đảng ủy Mặt trận Tổ quốc, các đoàn thể Trung ương", "N", 0, members=14, staff=3),
    Body("T5", "Đảng ủy Quân đội (Quân ủy Trung ương)", "N", 0, members=220, staff=4),
    Body("T6", "Đảng ủy Công an Trung ương", "N", 0, members=110, staff=3),
)  # fmt: skip
BY_CODE: dict[str, Body] = {body.code: body for body in BODIES}


def regime_b(body: Body, as_of: date) -> bool:
    """Whether the body already works in three levels on that day."""
    return body.converted is not None and body.converted <= as_of


def member_weights() -> npt.NDArray[np.float64]:
    """Weight of each body by members: published figures, the rest by population (south lower)."""
    return np.array([b.members or b.population * (0.037 if b.region == "S" else 0.053) for b in BODIES])


def staff_weights() -> npt.NDArray[np.float64]:
    """Weight of each body by cadres, civil servants and public employees."""
    return np.array([b.staff or b.population * 0.0185 for b in BODIES])
