"""The records that a changed one may be weighed against: those that share the keys of a blocking rule with it.

identity.blocking_key keeps one number for the keys of each rule of each record, so that a night looks through numbers
instead of names and dates. Its columns follow from the rules; another version of them fills it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from identity.model import BlockingRule

#: Keys that block records, where they are more than a column; as in `identity.features`, or coarser.
_BLOCKING_KEYS = {
    "family": "split_part(r.plain_key, ' ', 1)",
    "given": "split_part(r.plain_key, ' ', -1)",
    "hometown_province": "split_part(r.hometown_provinces, '|', 1)",
    "id_head": "left(r.personal_id, 9)",
    "id_ends": "left(r.personal_id, 6) || right(r.personal_id, 3)",
    "id_tail": "right(r.personal_id, 6)",
}
#: Keys that are no text, as whole numbers.
_NUMBERS = {
    "birth_date": "r.birth_date - date '2000-01-01'",
    "admission_date": "r.admission_date - date '2000-01-01'",
    "birth_year": "date_part('year', r.birth_date)",
}

#: What a key settles besides itself: a rule that asks for more than another, so understood, finds nothing more.
_SETTLES = {
    "name_key": ("plain_key", "family", "given"),
    "plain_key": ("family", "given"),
    "birth_date": ("birth_year",),
    "personal_id": ("id_head", "id_ends", "id_tail"),
}


def _sides(blocking: Iterable[BlockingRule]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of (keys of one record, keys of the other), both ways, without what another pair settles."""
    sides = list(
        dict.fromkeys(side for rule in blocking for side in ((rule.left, rule.right), (rule.right, rule.left)))
    )

    def settled(keys: tuple[str, ...]) -> bool:
        known = {*keys, *(name for key in keys for name in _SETTLES.get(key, ()))}
        return any(a == b != keys and known.issuperset(a) for a, b in sides)

    return [(ours, theirs) for ours, theirs in sides if ours != theirs or not settled(ours)]


def _column(keys: Sequence[str]) -> str:
    return "_and_".join(keys)


def _digest(keys: Sequence[str]) -> str:
    """One number for all keys, null where one of them is; now and then the same for others."""
    digest = "0"
    for key in keys:
        number = _NUMBERS.get(key)
        if number:
            digest = f"hashint8extended(({number})::bigint, {digest})"
        else:
            digest = f"hashtextextended({_BLOCKING_KEYS.get(key, f'r.{key}')}, {digest})"
    return f"({digest} & 2147483647)::integer"


def _digests(blocking: Iterable[BlockingRule]) -> dict[str, str]:
    """The columns of identity.blocking_key beside record_id, and each as SQL over identity.linkage_record as r."""
    return {_column(ours): _digest(ours) for ours, _ in _sides(blocking)}


def blocking_digests(blocking: Iterable[BlockingRule]) -> str:
    """What fills identity.blocking_key, as SQL over identity.linkage_record as r."""
    return ", ".join(f"{digest} as {column}" for column, digest in _digests(blocking).items())


def digest_keys(connection: psycopg.Connection, blocking: Iterable[BlockingRule], *, everything: bool) -> None:
    """Bring identity.blocking_key up to date for `dirty` records; with `everything` make it anew."""
    digests = blocking_digests(blocking)
    if everything:
        connection.execute("drop table if exists identity.blocking_key")
        connection.execute(
            "create table identity.blocking_key with (fillfactor = 95) as"
            f" select r.record_id, {digests} from identity.linkage_record as r where r.present"
        )
        connection.execute("alter table identity.blocking_key add primary key (record_id)")
        connection.execute(
            "comment on table identity.blocking_key is"
            " 'Numbers made of the keys of each blocking rule: records with the same one may be compared'"
        )
        return
    renewed = ", ".join(f"{column} = excluded.{column}" for column in _digests(blocking))
    connection.execute(
        "insert into identity.blocking_key"
        f" select r.record_id, {digests} from dirty inner join identity.linkage_record as r using (record_id)"
        f" on conflict (record_id) do update set {renewed}"
    )


def find_near(connection: psycopg.Connection, changed: Sequence[int], blocking: Iterable[BlockingRule]) -> None:
    """Fill `near_record (record_id)`: the changed records and all that share the keys of a rule with one of them.

    One scan, open to workers. A few records may be there for nothing, since digests stand for the keys.
    """
    sought: dict[str, list[str]] = {}
    for ours, theirs in _sides(blocking):
        sought.setdefault(_column(ours), []).append(_column(theirs))
    asked = ", ".join(f"array_agg({c}) filter (where {c} is not null)::text as {c}" for c in sought)
    with connection.cursor(row_factory=dict_row) as cursor:
        said = cursor.execute(
            f"select {asked} from identity.blocking_key where record_id = any(%s)", [list(changed)]
        ).fetchone()
    shared = " or ".join(
        f"{column} = any({' || '.join(f'%({other})s::integer []' for other in others)})"
        for column, others in sought.items()
    )
    connection.execute("drop table if exists pg_temp.near_record")
    connection.execute(
        "create temporary table near_record on commit drop as"
        f" select record_id from identity.blocking_key where {shared}",
        said,
    )
    connection.execute("analyze near_record")
