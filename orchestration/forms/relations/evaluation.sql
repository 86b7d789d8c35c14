-- Yearly evaluations for the year of each period. Grain: period_no, evaluation; of members and party organisations
-- the last decision about each, whoever took it.
with rated as (
    select distinct on (
        period.period_no,
        evaluation.subject_kind,
        case
            when evaluation.subject_kind = 'DANG_VIEN' then evaluation.person_id
            when evaluation.subject_kind = 'TAP_THE' and evaluation.agency_id is null then evaluation.organisation_id
            else evaluation.evaluation_id
        end
    )
        period.period_no,
        evaluation.*
    from period
    inner join published.evaluation as evaluation
        on
            evaluation.period_type = 'NAM'
            and evaluation.year = extract(year from period.from_on)
    order by
        period.period_no asc,
        evaluation.subject_kind asc,
        case
            when evaluation.subject_kind = 'DANG_VIEN' then evaluation.person_id
            when evaluation.subject_kind = 'TAP_THE' and evaluation.agency_id is null then evaluation.organisation_id
            else evaluation.evaluation_id
        end asc,
        evaluation.decided_on desc nulls last,
        evaluation.source asc,
        evaluation.source_key asc
),

leader as (
    select distinct
        period.period_no,
        assignment.person_id
    from period
    inner join published.position_assignment as assignment
        on assignment.validity && daterange(period.from_on, period.to_on)
)

select
    rated.period_no,
    rated.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.agency_type,
    office.agency_level,
    rated.source,
    rated.source_key,
    rated.decided_on as happened_on,
    rated.subject_kind,
    rated.subject_kind = 'TAP_THE' and rated.agency_id is null as is_party_organisation,
    rated.level,
    subtree.organisation_type,
    subtree.basic_sector,
    leader.person_id is not null as is_leader
from rated
left join office on rated.agency_id = office.agency_id
left join subtree on rated.organisation_id = subtree.organisation_id
left join leader
    on
        rated.period_no = leader.period_no
        and rated.person_id = leader.person_id
where office.agency_id is not null or subtree.organisation_id is not null
