"""Evidence that needs no probability: shared documents that the names or births bear out.

Rules, all set-based over `identity.linkage_record`, only for pairs that touch a record of `dirty`:
- personal_id: the same valid 12-digit number, and the same name or the same full birth date;
- old_party_card_no, old_identity_no: the same number, the same name and the same full birth date.
A number that two records share without being one person is a conflict for review, never evidence.
"""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

RULE_VERSION = "deterministic-3"
#: Bits: what the number and what bears it out are worth together, less the odds against any two records.
WEIGHTS = {"personal_id": 60.0, "old_party_card_no": 55.0, "old_identity_no": 55.0}

#: No name, and a letter that is none, bear nothing out.
_SAME_NAME = "a.name_key = b.name_key and length(a.name_key) > 1"
_SAME_BIRTH = "a.birth_date = b.birth_date and a.birth_precision = 'D' and b.birth_precision = 'D'"
_BORNE_OUT = {
    "personal_id": f"a.id_verdict = 'valid' and b.id_verdict = 'valid' and ({_SAME_NAME} or {_SAME_BIRTH})",
    "old_party_card_no": f"{_SAME_NAME} and {_SAME_BIRTH}",
    "old_identity_no": f"{_SAME_NAME} and {_SAME_BIRTH}",
}

_FIND = """
select least(a.record_id, b.record_id) as left_id, greatest(a.record_id, b.record_id) as right_id, '{number}' as method
from dirty
inner join identity.linkage_record as a on dirty.record_id = a.record_id
inner join identity.linkage_record as b on a.{number} = b.{number} and a.record_id <> b.record_id
left join dirty as too on b.record_id = too.record_id
where a.present and b.present and (too.record_id is null or a.record_id < b.record_id) and {borne_out}
"""

#: What stands about a record that is not delivered now waits for its return: then the record is dirty.
_WITHDRAW = """
with tonight as (
    select e.evidence_id, e.left_id, e.right_id, e.method, e.weight, e.rule_version
    from dirty inner join identity.evidence as e on e.left_id = dirty.record_id
    where e.withdrawn_at is null and e.method = any(%(methods)s)
    union all
    select e.evidence_id, e.left_id, e.right_id, e.method, e.weight, e.rule_version
    from dirty inner join identity.evidence as e on e.right_id = dirty.record_id
    where e.withdrawn_at is null and e.method = any(%(methods)s)
),
withdrawn as (
    update identity.evidence set withdrawn_at = clock_timestamp()
    where evidence_id = any(array(
        select tonight.evidence_id from tonight
        inner join identity.linkage_record as a on tonight.left_id = a.record_id and a.present
        inner join identity.linkage_record as b on tonight.right_id = b.record_id and b.present
        where not exists (
            select 1 from {found} as found
            where found.left_id = tonight.left_id and found.right_id = tonight.right_id
                and found.method = tonight.method and tonight.rule_version = %(version)s {same}
        )
    ))
    returning left_id, right_id
)
insert into touched_pair select left_id, right_id from withdrawn
"""

_ADD = """
with added as (
    insert into identity.evidence (left_id, right_id, method, weight, rule_version)
    select left_id, right_id, method, (%s::jsonb ->> method)::double precision, %s from found_evidence
    on conflict (left_id, right_id, method) where withdrawn_at is null do nothing
    returning left_id, right_id
)
insert into touched_pair select left_id, right_id from added
"""


def refresh_evidence(connection: psycopg.Connection) -> tuple[int, int]:
    """Bring the evidence of these rules up to date for `dirty` records; returns (added, withdrawn).

    Pairs whose evidence changed go to `touched_pair`. Evidence about a record that is not delivered now
    stands as it was, for the record's return.
    """
    found = " union all ".join(_FIND.format(number=n, borne_out=b) for n, b in _BORNE_OUT.items())
    connection.execute(f"create temporary table found_evidence on commit drop as {found}")
    connection.execute("create index on found_evidence (left_id); analyze found_evidence")
    withdrawn = withdraw_evidence(connection, list(WEIGHTS), "found_evidence", RULE_VERSION)
    added = connection.execute(_ADD, [Jsonb(WEIGHTS), RULE_VERSION]).rowcount
    return added, withdrawn


def withdraw_evidence(
    connection: psycopg.Connection, methods: list[str], found: str, version: str, same: str = ""
) -> int:
    """Withdraw standing evidence of `methods` about dirty records that table `found` does not have; returns how much.

    What another version of the rules or of the model found is withdrawn too: it is found anew, or falls.
    """
    values = {"methods": methods, "version": version}
    return connection.execute(_WITHDRAW.format(found=found, same=same), values).rowcount
