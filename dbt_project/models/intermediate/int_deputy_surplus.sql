-- Deputies above the cap that is an average over agencies of one kind. Key: (cap_parameter, group_code).
-- A commune's specialised offices share the commune's total, a province's departments the province's; where an agency
-- reports no number of deputies, those whose posts are known count.
with known_deputies as (
    select
        agency_id,
        count(distinct person_id)::integer as deputies
    from {{ ref('position_assignment') }}
    where
        is_current
        and agency_id is not null
        and not coalesce(is_head, false)
        and {{ title_key('position_title') }} like 'phó %'
    group by agency_id
),

agencies as (
    select
        agency.agency_id,
        agency.source,
        agency.province_code,
        coalesce(agency.deputy_count, known_deputies.deputies, 0) as deputies,
        case
            when agency.agency_level = 'TINH' and agency.agency_type = 'NHA_NUOC' then 'PROVINCE_DEPARTMENT_AVG'
            when agency.agency_level = 'XA' and agency.agency_type = 'NHA_NUOC' then 'COMMUNE_OFFICE_AVG'
        end as cap_parameter,
        case when agency.agency_level = 'XA' then agency.administrative_unit_code else agency.province_code end
            as group_code,
        {{ title_key('agency.name') }} as agency_key
    from {{ ref('agency') }} as agency
    left join known_deputies on agency.agency_id = known_deputies.agency_id
    where agency.valid_to is null or agency.valid_to > {{ business_date() }}
)

select
    agencies.cap_parameter,
    agencies.group_code,
    min(agencies.province_code) as province_code,
    count(*)::integer as agencies,
    sum(agencies.deputies)::integer as deputies,
    (count(*) * max(rule.value)::numeric)::integer as deputy_cap,
    max(rule.legal_basis) as legal_basis,
    max(rule.confidence) as confidence,
    case when min(agencies.source) = max(agencies.source) then min(agencies.source) end as source
from agencies
inner join {{ ref('dated_rule') }} as rule
    on
        rule.rule_code = 'DEPUTY_CAP'
        and agencies.cap_parameter = rule.parameter
        and {{ applies_on('rule', business_date()) }}
where
    agencies.group_code is not null
    -- the committee of a commune has vice-chairmen, not deputy heads of an office
    and not (agencies.cap_parameter = 'COMMUNE_OFFICE_AVG' and agencies.agency_key like 'ủy ban nhân dân%')
group by agencies.cap_parameter, agencies.group_code
