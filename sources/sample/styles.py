"""How each source writes: dates, keys, labels, encodings, and which of its own troubles it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sources.registry import Source, load_sources
from sources.sample.bodies import BODIES, BY_CODE

#: Fields that some sources write as the label of the code instead of the code.
LABELLED = frozenset(
    {"ethnicity_code", "general_education", "professional_education", "political_theory", "state_management",
     "occupation_code", "sector", "end_reason", "agency_type", "leave_reason", "quota_source", "management_level",
     "authority_level", "assignment_kind", "training_type", "period_type", "subject_kind", "award_level",
     "discipline_kind", "form", "classification", "allocation_scope", "retirement_basis", "study_field"}
)  # fmt: skip


REGISTRY = Path(__file__).parents[1] / "registry"


@cache
def registered() -> dict[str, Source]:
    """What the registry says of the bodies of the sample world; others that it names have systems of their own."""
    return {code: source for code, source in load_sources(REGISTRY).items() if code in BY_CODE}


@dataclass(frozen=True)
class Style:
    """Habits of one source.

    `dates`: iso, dmy (31/12/2020), dash (31-12-2020), dot (31.12.2020), short (1/2/2020), stamp (ISO with
    time) or native (typed cells and columns). `keys`: number, sign (TH012345), dotted (38.DV.000123) or
    hex. `coded`: the fields written as labels. `charset`: what the source's letters can hold. `tags`: its
    own troubles and extras.
    """

    dates: str = "dmy"
    keys: str = "number"
    labels: frozenset[str] = frozenset()
    charset: str = "utf-8"
    booleans: tuple[str, str] = ("1", "0")
    tags: frozenset[str] = field(default_factory=frozenset)


_DATES = ("dmy", "iso", "dash", "dmy", "short", "dot", "dmy")
_KEYS = ("number", "sign", "dotted", "hex")
_YES = (("1", "0"), ("Có", "Không"), ("true", "false"))
_CHARSETS = {"24": "tcvn3", "33": "tcvn3", "80": "vni", "82": "vni", "86": "cp1258"}
_NATIVE = {"40", "T2", "15", "22", "44", "51", "52", "66", "T3", "T4"}
_STAMP = {"31", "48", "92", "T1", "T6"}
_TAGS: dict[str, set[str]] = {
    "upper_names": {"25", "33", "91"},
    "decimal_comma": {"86", "66", "12", "22"},
    "step_of": {"56", "44", "11", "38"},
    "rank_text": {"01", "14", "79", "51", "86"},
    "free_titles": {"40", "08", "75", "15", "68"},
    "header_as_data": {"33", "86", "12"},
    "lost_zero": {"15", "22", "52", "42", "04"},
    "plain_codes": {"19", "37", "96", "T6"},
    "province_names": {"24", "68", "46", "75", "66"},
    "province_codes": {"91", "25", "15", "44", "82", "01", "48"},
    "forbidden_columns": {"15", "01", "24", "38", "T1", "52"},
    "wrong_committee": {"01", "25", "40", "66", "79"},
    "wrong_totals": {"15", "52"},
}


def style_of(code: str) -> Style:
    """The habits of a source."""
    number = [body.code for body in BODIES].index(code)
    dates = "native" if code in _NATIVE else "stamp" if code in _STAMP else _DATES[number % len(_DATES)]
    written = _NATIVE - {"40", "T2"}
    return Style(
        dates=dates,
        keys="hex" if code in _STAMP else _KEYS[number % 3],
        labels=LABELLED if code in written or number % 5 == 2 else frozenset(),
        charset=_CHARSETS.get(code, "utf-8"),
        booleans=_YES[1] if code in written else _YES[number % 3],
        tags=frozenset(tag for tag, codes in _TAGS.items() if code in codes),
    )


STYLES: dict[str, Style] = {body.code: style_of(body.code) for body in BODIES}


def tagged(tag: str) -> list[str]:
    """Codes of the sources that have a tag."""
    return [code for code, style in STYLES.items() if tag in style.tags]
