-- Posts assigned against posts filled. Key: balance_id; grain: agency, year, category.
-- The decision in force against the last count of the year; an agency nobody knows keeps its source and code. Totals
-- to be handed on are left out: agencies' own posts are part of them.
with assigned as (
    select
        coalesce(agency_id::text, concat_ws('|', source, agency_code)) as agency_label,
        *
    from {{ ref('staffing_quota') }}
    where is_in_force and not is_total and year is not null and category is not null
),

filled as (
    select
        coalesce(agency_id::text, concat_ws('|', source, agency_code)) as agency_label,
        *
    from {{ ref('headcount') }}
    where is_last_of_year and year is not null and category is not null
),

balances as (
    select
        coalesce(assigned.agency_label, filled.agency_label) as agency_label,
        coalesce(assigned.agency_id, filled.agency_id) as agency_id,
        coalesce(assigned.agency_code, filled.agency_code) as agency_code,
        coalesce(assigned.year, filled.year) as year,
        coalesce(assigned.category, filled.category) as category,
        assigned.quota_id,
        assigned.assigned,
        assigned.reserve,
        filled.headcount_id,
        filled.counted_on,
        filled.present,
        filled.seconded_in,
        filled.seconded_out,
        filled.concurrent,
        filled.long_leave,
        filled.retiring_within_year,
        coalesce(assigned.source, filled.source) as source
    from assigned
    full join filled
        on
            assigned.agency_label = filled.agency_label
            and assigned.year = filled.year
            and assigned.category = filled.category
)

select
    md5('staffing_balance|' || agency_label || '|' || year || '|' || category)::uuid as balance_id,
    agency_id,
    agency_code,
    agency_id is null as is_agency_unresolved,
    year,
    category,
    quota_id,
    assigned,
    reserve,
    headcount_id,
    counted_on,
    present,
    seconded_in,
    seconded_out,
    concurrent,
    long_leave,
    retiring_within_year,
    present - assigned as difference,
    case
        when present is null then 'CHUA_BAO_CAO'
        when assigned is null then 'CHUA_GIAO'
        when present > assigned then 'THUA'
        when present < assigned then 'THIEU'
        else 'DU'
    end as balance_state,
    {{ rule_field('QUOTA_SUM', 'MAX_OVER', 'legal_basis') }} as legal_basis,
    {{ rule_field('QUOTA_SUM', 'MAX_OVER', 'confidence') }} as rule_confidence,
    source
from balances
