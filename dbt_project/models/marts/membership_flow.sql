-- How many members there were on any day, and why the number changed. Key: flow_id.
-- Grain: day, reporting body, former province, commune, sector of the basic organisation, reason. DAU_KY is what there
-- was before the first day: today's members less every change since. So the sum up to a day is the number of that day,
-- and the identity of form 1, A + B - C = D, holds for every period. Changes without a known day are in DAU_KY.
-- A transfer between two bodies is CHUYEN_DI in one and CHUYEN_DEN in the other; one inside a body is
-- CHUYEN_NOI_BO, and nothing where commune and sector stay the same. The Centre lies in no province, now or formerly.
with movements as (
    select
        *,
        movement_kind in ('CHUYEN_SINH_HOAT', 'CHUYEN_DI_NGOAI') as is_transfer,
        (left(from_organisation_code, 2) is not distinct from left(to_organisation_code, 2)) as is_inside
    from {{ ref('membership_movement') }}
    where
        is_counted
        and moved_on between {{ rule_field('MEMBERSHIP_FLOW', 'FROM_ON', 'value') }}::date and {{ business_date() }}
),

sides as (
    select
        moved_on as happened_on,
        to_organisation_id as organisation_id,
        source,
        case
            when not is_transfer then movement_kind
            when is_inside then 'CHUYEN_NOI_BO'
            else 'CHUYEN_DEN'
        end as flow_kind,
        1 as members
    from movements
    where to_organisation_code is not null
    union all
    select
        moved_on as happened_on,
        from_organisation_id as organisation_id,
        source,
        case
            when not is_transfer then movement_kind
            when is_inside then 'CHUYEN_NOI_BO'
            else 'CHUYEN_DI'
        end as flow_kind,
        -1 as members
    from movements
    where from_organisation_code is not null
),

today as (
    select
        null::date as happened_on,
        organisation_id,
        source,
        'DAU_KY' as flow_kind,
        1 as members
    from {{ ref('party_membership') }}
    where is_current
),

undone as (
    select
        null::date as happened_on,
        organisation_id,
        source,
        'DAU_KY' as flow_kind,
        -members as members
    from sides
),

counted as (
    select * from sides
    union all
    select * from today
    union all
    select * from undone
),

placed as (
    select
        coalesce(
            counted.happened_on, {{ rule_field('MEMBERSHIP_FLOW', 'FROM_ON', 'value') }}::date - 1
        ) as happened_on,
        coalesce(organisation.source, counted.source) as source,
        organisation.province_code,
        case when organisation.province_code is not null then former.former_province_code end as former_province_code,
        located.administrative_unit_id,
        basic.sector,
        counted.flow_kind,
        counted.members
    from counted
    left join {{ ref('party_organisation') }} as organisation
        on counted.organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_commune') }} as located
        on counted.organisation_id = located.organisation_id
    left join {{ ref('int_organisation_former_province') }} as former
        on counted.organisation_id = former.organisation_id
    left join {{ ref('int_organisation_basic') }} as basic on counted.organisation_id = basic.organisation_id
)

select
    md5(concat_ws(
        '|', 'membership_flow', happened_on, flow_kind, source, coalesce(province_code, ''),
        coalesce(former_province_code, ''), coalesce(administrative_unit_id, ''), coalesce(sector, '')
    ))::uuid as flow_id,
    happened_on,
    flow_kind,
    province_code,
    former_province_code,
    administrative_unit_id,
    sector,
    sum(members)::integer as members,
    {{ rule_field('MEMBERSHIP_FLOW', 'FROM_ON', 'legal_basis') }} as legal_basis,
    {{ rule_field('MEMBERSHIP_FLOW', 'FROM_ON', 'confidence') }} as rule_confidence,
    source
from placed
group by happened_on, flow_kind, province_code, former_province_code, administrative_unit_id, sector, source
having sum(members) <> 0
