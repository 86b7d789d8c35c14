"""The columns that records are blocked and compared on, made from linkage records in DuckDB.

A linkage record has: `record_id` (bigint), `name_key`, `other_name_key`, `plain_key` (text), `sex`,
`birth_date` (date) with `birth_precision` (D, M, Y), `personal_id`, `id_verdict` (see
`identity.identifiers`), `party_card_no`, `old_identity_no`, `old_party_card_no` (text), `hometown_units` and
`hometown_provinces` (text, codes in force joined by “|”) and `admission_date`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv

FREQUENCIES = Path(__file__).parent / "name_frequency.csv"
#: Share that a name's part has when training never saw it.
UNSEEN = {"family": 2e-5, "middle": 1e-5, "given": 2e-5}

LINKAGE_RECORD = pa.schema(
    [
        ("record_id", pa.int64()),
        *((name, pa.string()) for name in ("name_key", "other_name_key", "plain_key", "sex")),
        ("birth_date", pa.date32()),
        *(
            (name, pa.string())
            for name in (
                "birth_precision", "personal_id", "id_verdict", "party_card_no", "old_identity_no",
                "old_party_card_no", "hometown_units", "hometown_provinces",
            )
        ),
        ("admission_date", pa.date32()),
    ]
)  # fmt: skip

_PARTS = """
create or replace temp table parts as
select *, string_split(name_key, ' ') as words, string_split(plain_key, ' ') as plain_words
from linkage_record
"""

_FEATURES = """
create or replace temp table feature as
with number_shared as (
    select old_identity_no as n from linkage_record where n is not null group by n having count(*) > $most
), card_shared as (
    select old_party_card_no as n from linkage_record where n is not null group by n having count(*) > $most
), told as (
    select
        p.record_id, p.sex, p.birth_date, p.birth_precision, p.admission_date,
        case when len(p.words) > 1 then p.plain_key end as plain_key,
        case when len(p.words) > 1 then p.name_key end as name_key, nullif(p.other_name_key, '') as other_name_key,
        year(p.birth_date) as birth_year,
        case when len(p.plain_words) > 1 then p.plain_words[1] end as family,
        case when len(p.plain_words) > 1 then p.plain_words[-1] end as given,
        case when p.id_verdict in ('valid', 'contradicts sex', 'contradicts birth year') then p.personal_id end
        as personal_id,
        p.id_verdict is distinct from 'valid' as is_open,
        case
            when regexp_full_match(p.party_card_no, '[0-9]{12}') and p.id_verdict <> 'shared by too many'
                then p.party_card_no
        end as party_card_no,
        case when i.n is null then p.old_identity_no end as old_identity_no,
        case when c.n is null then p.old_party_card_no end as old_party_card_no,
        coalesce(string_split(nullif(p.hometown_units, ''), '|'), []) as hometown_units,
        coalesce(string_split(nullif(p.hometown_provinces, ''), '|'), []) as hometown_provinces,
        coalesce(f.share, $family) * coalesce(m.share, $middle) * coalesce(g.share, $given) as tf_name_key
    from parts as p
    left join number_shared as i on i.n = p.old_identity_no
    left join card_shared as c on c.n = p.old_party_card_no
    left join frequency as f
        on f.part = 'family' and f.syllables = case when len(p.words) > 1 then p.words[1] else '' end
    left join frequency as m on m.part = 'middle' and m.syllables = array_to_string(p.words[2:-2], ' ')
    left join frequency as g on g.part = 'given' and g.syllables = p.words[-1]
)
select
    record_id as unique_id, *,
    list_filter([personal_id, party_card_no], lambda n: n is not null) as numbers,
    hometown_provinces[1] as hometown_province,
    left(personal_id, 9) as id_head,
    left(personal_id, 6) || right(personal_id, 3) as id_ends,
    right(personal_id, 6) as id_tail
from told
"""


def make_features(connection: duckdb.DuckDBPyConnection, records: pa.Table, most_holders: int) -> None:
    """Fill the temporary table `feature` from linkage records; names of unseen parts count as rare."""
    frequency = pyarrow.csv.read_csv(FREQUENCIES) if FREQUENCIES.exists() else _no_frequencies()
    connection.register("linkage_record", records)
    connection.register("frequency", frequency)
    connection.execute(_PARTS)
    connection.execute(_FEATURES, {"most": most_holders, **UNSEEN})
    connection.unregister("linkage_record")
    connection.unregister("frequency")


def _no_frequencies() -> pa.Table:
    schema = pa.schema([("part", pa.string()), ("syllables", pa.string()), ("share", pa.float64())])
    return schema.empty_table()


def name_frequencies(records: pa.Table, least: int = 5) -> pa.Table:
    """Shares of family, middle and given names (with accents) among records; parts rarer than `least` are left out.

    Only shares of parts are kept, never a full name: they are parameters of the model, not data about people.
    """
    with duckdb.connect() as connection:
        connection.register("linkage_record", records)
        connection.execute(_PARTS)
        table: pa.Table = connection.sql(
            """
            with part_of as (
                select 'family' as part, case when len(words) > 1 then words[1] else '' end as syllables from parts
                union all select 'middle', array_to_string(words[2:-2], ' ') from parts
                union all select 'given', words[-1] from parts
            )
            select part, syllables, round(count(*) / (select count(*) from parts), 7) as share
            from part_of group by part, syllables having count(*) >= $least order by part, share desc, syllables
            """,
            params={"least": least},
        ).to_arrow_table()
        return table
