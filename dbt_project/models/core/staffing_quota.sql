-- Posts assigned to agencies. Key: quota_id; grain: one record (decision, agency, year, category) of one source.
-- A later decision replaces the earlier one for the same agency, year and category: is_in_force. Each applies from its
-- day in the year to the day of the next one or the end of the year; undated, from the first day.
-- A total that is still to be handed on (is_total) is not posts of the agency that holds it: it replaces, and is
-- replaced by, totals of the same deciding level only, and is never added to what agencies were assigned.
with quotas as (
    select
        quota.*,
        coalesce(quota.allocation_scope = 'TONG', false) as is_total,
        {{ record_id('staffing_quota', 'quota') }} as quota_id,
        agency.agency_id,
        coalesce(trust.authority, 50) as authority,
        batch.business_date as said_on
    from {{ ref('stg_staffing_quota') }} as quota
    {{ join_agency('quota') }}
    left join {{ ref('stg_source_authority') }} as trust
        on quota.source = trust.source and trust.kind = 'staffing'
    left join {{ ref('stg_batch') }} as batch on quota.first_batch = batch.batch_id
),

applied as (
    select
        *,
        make_date(year + 1, 1, 1) as year_after,
        greatest(decision_date, make_date(year, 1, 1)) as applies_from
    from quotas
)

select
    quota_id,
    agency_code,
    agency_id,
    agency_id is null as is_agency_unresolved,
    year,
    category,
    assigned,
    reserve,
    is_total,
    decision_no,
    parent_decision_no,
    decision_date,
    authority_level,
    classification,
    row_number() over replacing = 1 as is_in_force,
    -- half-open; empty when the year began with a later decision, or ended before this one
    daterange(
        least(applies_from, year_after), least(lag(applies_from) over replacing, year_after)
    ) as validity,
    source,
    source_key
from applied
window replacing as (
    partition by
        coalesce(agency_id::text, concat_ws('|', source, agency_code)),
        year,
        category,
        is_total,
        case when is_total then authority_level end
    order by decision_date desc nulls last, authority desc, said_on desc nulls last, source asc, source_key desc
)
