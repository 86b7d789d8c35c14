-- Employment of persons, one row a cadre record, in order of their beginnings. Key: employment_spell_id.
-- A present record that begins before an earlier one of the same person has ended overlaps it; law knows no two
-- full-time spells, so it is said and left to the sources to mend.
with spells as (
    select
        cadre.*,
        row_number() over (
            partition by cadre.person_id
            order by cadre.started_on asc nulls last, cadre.ended_on asc nulls last, cadre.cadre_id asc
        )::integer as spell_no,
        max(coalesce(cadre.ended_on, 'infinity'::date)) over (
            partition by cadre.person_id
            order by cadre.started_on asc nulls last, cadre.ended_on asc nulls last, cadre.cadre_id asc
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from {{ ref('cadre') }} as cadre
)

select
    md5('employment_spell|' || cadre_id)::uuid as employment_spell_id,
    cadre_id,
    person_id,
    spell_no,
    category,
    agency_id,
    quota_source,
    recruited_on,
    started_on,
    ended_on,
    validity,
    is_serving,
    leave_reason,
    coalesce(started_on < busy_until, false) as overlaps_earlier,
    source,
    source_key
from spells
