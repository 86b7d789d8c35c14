-- Posts over and under quota this year and in the years to come, when those who retire are not replaced.
-- Key: staffing_outlook_id; grain: agency, category, forecast year. Retirements are those of serving cadres after the
-- day of the count; a year without a quota of its own keeps this year's.
with base as (
    select *
    from {{ ref('staffing_balance') }}
    where year = extract(year from {{ business_date() }})::integer and agency_id is not null
),

years as (
    select number as ahead
    from generate_series(0, {{ rule_number('RETIREMENT_HORIZON', 'YEARS') }}::integer) as numbers (number)
),

retirements as (
    select
        cadre.agency_id,
        case
            when agency.agency_level = 'XA' and cadre.category in ('CB', 'CC') then 'CBCC_XA'
            when cadre.category = 'CB' then 'CAN_BO'
            when cadre.category = 'CC' then 'CONG_CHUC'
            when cadre.category = 'VC' and cadre.quota_source = 'SN_TC' then 'VIEN_CHUC_TU_CHU'
            when cadre.category = 'VC' then 'VIEN_CHUC_NSNN'
            when cadre.category = 'HD111' then 'HD_111'
            when cadre.category = 'HD_CC' then 'HD_KHAC'
        end as category,
        cadre.retires_on,
        cadre.retirement_legal_basis,
        cadre.retirement_confidence
    from {{ ref('cadre') }} as cadre
    inner join {{ ref('agency') }} as agency on cadre.agency_id = agency.agency_id
    where cadre.is_serving and cadre.retires_on is not null
),

forecasts as (
    select
        base.balance_id,
        years.ahead,
        count(retirements.retires_on)::integer as retiring,
        string_agg(distinct retirements.retirement_legal_basis, '; ') as retirement_legal_basis,
        {{ lowest_confidence('retirements.retirement_confidence') }} as retirement_confidence
    from base
    cross join years
    left join retirements
        on
            base.agency_id = retirements.agency_id
            and base.category = retirements.category
            and retirements.retires_on > coalesce(base.counted_on, make_date(base.year - 1, 12, 31))
            and retirements.retires_on < make_date(base.year + years.ahead + 1, 1, 1)
    group by base.balance_id, years.ahead
),

outlook as (
    select
        base.agency_id,
        base.category,
        base.year as base_year,
        base.year + forecasts.ahead as forecast_year,
        base.counted_on,
        base.present,
        coalesce(later.assigned, base.assigned) as assigned,
        base.reserve,
        later.assigned is null and forecasts.ahead > 0 as is_quota_carried,
        forecasts.retiring,
        base.present - forecasts.retiring as forecast_present,
        forecasts.retirement_legal_basis,
        forecasts.retirement_confidence,
        base.legal_basis,
        base.rule_confidence,
        base.source
    from base
    inner join forecasts on base.balance_id = forecasts.balance_id
    left join {{ ref('staffing_balance') }} as later
        on
            base.agency_id = later.agency_id
            and base.category = later.category
            and later.year = base.year + forecasts.ahead
)

select
    md5(concat_ws('|', 'staffing_outlook', outlook.agency_id, outlook.category, outlook.forecast_year))::uuid
        as staffing_outlook_id,
    outlook.agency_id,
    agency.province_code,
    agency.agency_level,
    outlook.category,
    outlook.base_year,
    outlook.forecast_year,
    outlook.counted_on,
    outlook.assigned,
    outlook.reserve,
    outlook.is_quota_carried,
    outlook.present,
    outlook.retiring,
    outlook.forecast_present,
    outlook.forecast_present - outlook.assigned as forecast_difference,
    case
        when outlook.forecast_present is null then 'CHUA_BAO_CAO'
        when outlook.assigned is null then 'CHUA_GIAO'
        when outlook.forecast_present > outlook.assigned then 'THUA'
        when outlook.forecast_present < outlook.assigned then 'THIEU'
        else 'DU'
    end as forecast_state,
    nullif(concat_ws('; ', outlook.legal_basis, outlook.retirement_legal_basis), '') as legal_basis,
    (
        select {{ lowest_confidence('weighed.confidence') }}
        from (
            values
            (outlook.rule_confidence),
            (outlook.retirement_confidence),
            ({{ rule_field('RETIREMENT_HORIZON', 'YEARS', 'confidence') }})
        ) as weighed (confidence)
    ) as rule_confidence,
    outlook.source
from outlook
inner join {{ ref('agency') }} as agency on outlook.agency_id = agency.agency_id
