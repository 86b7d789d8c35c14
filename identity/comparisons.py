"""What two records of persons are compared on, level by level, best first.

Levels are SQL over the columns that `identity.features` makes. Shares of agreement among different people
that no sample can show (numbers of twelve digits) are fixed here; all else is trained.
"""

from __future__ import annotations

from typing import Any

Comparison = dict[str, Any]


def level(sql: str, label: str, **more: object) -> dict[str, object]:
    """One level of a comparison: SQL over `column_l` and `column_r`, and what to call it."""
    return {"sql_condition": sql, "label_for_charts": label, **more}


def comparison(name: str, null: str, *levels: dict[str, object]) -> Comparison:
    """A comparison as Splink reads it: unknown where `null` is true, then `levels`, then different."""
    return {
        "output_column_name": name,
        "comparison_levels": [
            level(null, "unknown", is_null_level=True),
            *levels,
            level("ELSE", "different"),
        ],
    }


def either_null(column: str) -> str:
    """SQL for “one of the two says nothing”."""
    return f"{column}_l is null or {column}_r is null"


def _fixed(share: float) -> dict[str, object]:
    return {"u_probability": share, "fix_u_probability": True}


_TERM_FREQUENCY = {"tf_adjustment_column": "name_key", "tf_minimum_u_value": 1e-5}
_BOTH_DAYS = "birth_precision_l = 'D' and birth_precision_r = 'D'"

COMPARISONS: tuple[Comparison, ...] = (
    comparison(
        "name",
        either_null("name_key"),
        level("name_key_l = name_key_r", "same", **_TERM_FREQUENCY, tf_adjustment_weight=1.0),
        level("name_key_l = other_name_key_r or other_name_key_l = name_key_r", "same as other name", **_fixed(2e-5)),
        level("plain_key_l = plain_key_r", "same without accents", **_TERM_FREQUENCY, tf_adjustment_weight=0.5),
        level("damerau_levenshtein(plain_key_l, plain_key_r) <= 1", "one letter apart"),
        level("family_l = family_r and given_l = given_r", "same family and given name"),
        level("jaro_winkler_similarity(plain_key_l, plain_key_r) >= 0.93", "alike"),
        level("family_l = family_r", "same family name"),
    ),
    comparison(
        "birth",
        either_null("birth_date"),
        level(f"birth_date_l = birth_date_r and {_BOTH_DAYS}", "same day"),
        level(
            f"{_BOTH_DAYS} and birth_year_l = birth_year_r and day(birth_date_l) = month(birth_date_r)"
            " and month(birth_date_l) = day(birth_date_r)",
            "day and month swapped",
        ),
        level(
            f"{_BOTH_DAYS} and (hamming(strftime(birth_date_l, '%d%m%Y'), strftime(birth_date_r, '%d%m%Y')) = 1"
            " or (strftime(birth_date_l, '%d%m') = strftime(birth_date_r, '%d%m')"
            " and abs(birth_year_l - birth_year_r) = 1))",
            "one digit apart",
        ),
        level(
            "birth_year_l = birth_year_r and 'Y' not in (birth_precision_l, birth_precision_r)"
            f" and not ({_BOTH_DAYS}) and month(birth_date_l) = month(birth_date_r)",
            "same month, day unknown",
        ),
        level(
            "birth_year_l = birth_year_r and 'Y' in (birth_precision_l, birth_precision_r)", "same year, day unknown"
        ),
        level("birth_year_l = birth_year_r", "same year, other day"),
    ),
    comparison("sex", either_null("sex"), level("sex_l = sex_r", "same")),
    comparison(
        "personal_id",
        "len(numbers_l) = 0 or len(numbers_r) = 0",
        level("list_has_any(numbers_l, numbers_r)", "same", **_fixed(1e-7)),
        level("damerau_levenshtein(numbers_l[1], numbers_r[1]) <= 1", "one digit apart", **_fixed(2e-6)),
    ),
    comparison(
        "old_identity_no",
        either_null("old_identity_no"),
        level("old_identity_no_l = old_identity_no_r", "same", **_fixed(1e-7)),
        level("damerau_levenshtein(old_identity_no_l, old_identity_no_r) <= 1", "one digit apart", **_fixed(1e-6)),
    ),
    comparison(
        "old_party_card_no",
        either_null("old_party_card_no"),
        level("old_party_card_no_l = old_party_card_no_r", "same", **_fixed(2e-7)),
    ),
    comparison(
        "hometown",
        "len(hometown_provinces_l) = 0 or len(hometown_provinces_r) = 0",
        level("list_has_any(hometown_units_l, hometown_units_r)", "same commune"),
        level(
            "list_has_any(hometown_provinces_l, hometown_provinces_r)"
            " and (len(hometown_units_l) = 0 or len(hometown_units_r) = 0)",
            "same province, commune unknown",
        ),
        level("list_has_any(hometown_provinces_l, hometown_provinces_r)", "same province"),
    ),
    comparison(
        "admission",
        either_null("admission_date"),
        level("admission_date_l = admission_date_r", "same day"),
        level(
            "hamming(strftime(admission_date_l, '%d%m%Y'), strftime(admission_date_r, '%d%m%Y')) = 1"
            " or (year(admission_date_l) = year(admission_date_r)"
            " and day(admission_date_l) = month(admission_date_r) and month(admission_date_l) = day(admission_date_r))",
            "one slip apart",
        ),
        level("year(admission_date_l) = year(admission_date_r)", "same year"),
    ),
)
