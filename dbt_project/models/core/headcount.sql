-- Posts filled on a day. Key: headcount_id; grain: one record (agency, day, category) of one source.
-- The last count of a year stands for the year: is_last_of_year.
with counts as (
    select
        headcount.*,
        {{ record_id('headcount', 'headcount') }} as headcount_id,
        agency.agency_id,
        coalesce(trust.authority, 50) as authority,
        batch.business_date as said_on
    from {{ ref('stg_headcount') }} as headcount
    {{ join_agency('headcount') }}
    left join {{ ref('stg_source_authority') }} as trust
        on headcount.source = trust.source and trust.kind = 'staffing'
    left join {{ ref('stg_batch') }} as batch on headcount.first_batch = batch.batch_id
)

select
    headcount_id,
    agency_code,
    agency_id,
    agency_id is null as is_agency_unresolved,
    counted_on,
    extract(year from counted_on)::integer as year,
    category,
    present,
    seconded_in,
    seconded_out,
    concurrent,
    long_leave,
    retiring_within_year,
    row_number() over (
        partition by
            coalesce(agency_id::text, concat_ws('|', source, agency_code)),
            extract(year from counted_on),
            category
        order by counted_on desc, authority desc, said_on desc nulls last, source asc, source_key desc
    ) = 1 as is_last_of_year,
    source,
    source_key
from counts
