"""What a key said before and says now, and whether that is another person: one list for intake and for linkage."""

from __future__ import annotations

from collections.abc import Mapping

Said = Mapping[str, str | None]

_AN: Said = {"full_name": "Nguyễn Văn An", "birth_date": "1970-05-03", "personal_id": "099070000001"}
_BINH: Said = {"full_name": "Trần Thị Bình", "birth_date": "1981-09-10", "personal_id": "099181718293"}
_NO_BIRTH: Said = {"birth_date": None}
_NO_ID: Said = {"personal_id": None}
_NAME_ONLY: Said = {**_NO_BIRTH, **_NO_ID}
_DAY: Said = {"admission_date": "2010-05-19"}

#: Case: what was said, what is said now, whether it is another person. Dates of birth as far as they are known.
CASES: Mapping[str, tuple[Said, Said, bool]] = {
    "all differs": (_AN, _BINH, True),
    "all differs but the day of admission": ({**_AN, **_DAY}, {**_BINH, **_DAY}, True),
    "no ids": ({**_AN, **_NO_ID}, {**_BINH, **_NO_ID}, True),
    "no ids, another day of the same year": (
        {**_AN, **_NO_ID},
        {**_BINH, **_NO_ID, "birth_date": "1970-11-20"},
        True,
    ),
    "no birth": ({**_AN, **_NO_BIRTH}, {**_BINH, **_NO_BIRTH}, True),
    "no birth any more": (_AN, {**_BINH, **_NO_BIRTH}, True),
    "no birth before, no id now": ({**_AN, **_NO_BIRTH}, {**_BINH, **_NO_ID}, True),
    "names only": ({**_AN, **_NAME_ONLY}, {**_BINH, **_NAME_ONLY}, True),
    "another year": ({**_AN, **_NO_ID, "birth_date": "1970"}, {**_BINH, **_NO_ID, "birth_date": "1981"}, True),
    "another year, once with its day": ({**_AN, **_NO_ID}, {**_BINH, **_NO_ID, "birth_date": "1981"}, True),
    "the same year but another id": ({**_AN, "birth_date": "1970"}, {**_BINH, "birth_date": "1970"}, True),
    "another month": ({**_AN, **_NO_ID}, {**_BINH, **_NO_ID, "birth_date": "1970-06"}, True),
    "an id that is none": (
        {**_AN, "personal_id": "000000000000"},
        {**_BINH, "personal_id": "000000000000"},
        True,
    ),
    "a like name, another id and birth": (_AN, {**_BINH, "full_name": "Nguyễn Văn Ân"}, True),
    "nothing": (_AN, _AN, False),
    "another way to write the name": (_AN, {**_AN, "full_name": "NGUYỄN VĂN AN"}, False),
    "the name": (_AN, {**_AN, "full_name": "Lê Bá Mão"}, False),
    "id and birth, not the name": (_AN, {**_BINH, "full_name": _AN["full_name"]}, False),
    "all but the id": (_AN, {**_BINH, "personal_id": _AN["personal_id"]}, False),
    "all but the birth": (_AN, {**_BINH, "birth_date": _AN["birth_date"]}, False),
    "all but the old card": (
        {**_AN, "old_party_card_no": "38012345"},
        {**_BINH, "old_party_card_no": "38012345"},
        False,
    ),
    "all but the old id": ({**_AN, "old_identity_no": "123456789"}, {**_BINH, "old_identity_no": "123456789"}, False),
    "the name, the same year, no ids": ({**_AN, **_NO_ID}, {**_BINH, **_NO_ID, "birth_date": "1970"}, False),
    "the name, the same month, no ids": ({**_AN, **_NO_ID}, {**_BINH, **_NO_ID, "birth_date": "1970-05"}, False),
    "the name, only the admission is known": ({**_AN, **_NAME_ONLY, **_DAY}, {**_BINH, **_NAME_ONLY, **_DAY}, False),
    "the other name takes the place of the name": (
        {**_AN, "other_name": "Trần Thị Bình"},
        {**_BINH, "other_name": None},
        False,
    ),
    "an accent, nothing else is known": ({**_AN, **_NAME_ONLY}, {"full_name": "Nguyễn Văn Ân", **_NAME_ONLY}, False),
    "a letter, nothing else is known": ({**_AN, **_NAME_ONLY}, {"full_name": "Nguyễn Văn Anh", **_NAME_ONLY}, False),
    "an accent, day and month swapped": (
        {**_AN, **_NO_ID},
        {"full_name": "Nguyễn Văn Ân", "birth_date": "1970-03-05", **_NO_ID},
        False,
    ),
    "an accent, the id, no birth": (
        {**_AN, **_NO_BIRTH},
        {**_BINH, **_NO_BIRTH, "full_name": "Nguyễn Văn Ân"},
        False,
    ),
}

#: Cases in which the key names another person.
OTHERS = {case for case, (_, _, other) in CASES.items() if other}
