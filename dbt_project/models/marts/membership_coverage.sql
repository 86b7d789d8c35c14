-- Where members are few, and where nobody has been admitted for long. Key: coverage_id.
-- Grain: a cell, a basic committee, a present commune (also one without any member), a sector of basic organisations
-- in a province. Members are current spells, each in the organisation it names; those on temporary activity elsewhere
-- count at home. A committee, commune or sector has the members of all that lies below it.
-- A cell or committee where nobody has been admitted yet waits from the day it was founded, as far as that is known.
with members as (
    select
        organisation_id,
        count(*)::integer as members,
        count(*) filter (where status <> 'DU_BI')::integer as official_members,
        count(*) filter (where status = 'DU_BI')::integer as probationary_members,
        count(*) filter (where status = 'MIEN_SH')::integer as exempt_members
    from {{ ref('party_membership') }}
    where is_current and organisation_id is not null
    group by organisation_id
),

admissions as (
    select
        to_organisation_id as organisation_id,
        max(moved_on) as last_admission_on
    from {{ ref('membership_movement') }}
    where is_counted and movement_kind in ('KET_NAP', 'KET_NAP_LAI')
    group by to_organisation_id
),

own as (
    select
        organisation.organisation_id,
        organisation.organisation_type,
        organisation.sector,
        organisation.province_code,
        organisation.source,
        organisation.valid_from as established_on,
        organisation.organisation_type in ('B2', 'C2') as is_cell,
        coalesce(members.members, 0) as members,
        coalesce(members.official_members, 0) as official_members,
        coalesce(members.probationary_members, 0) as probationary_members,
        coalesce(members.exempt_members, 0) as exempt_members,
        admissions.last_admission_on
    from {{ ref('party_organisation') }} as organisation
    left join members on organisation.organisation_id = members.organisation_id
    left join admissions on organisation.organisation_id = admissions.organisation_id
    where
        (organisation.valid_to is null or organisation.valid_to > {{ business_date() }})
        and (organisation.valid_from is null or organisation.valid_from <= {{ business_date() }})
),

below as (
    select
        closure.ancestor_id as organisation_id,
        sum(own.members)::integer as members,
        sum(own.official_members)::integer as official_members,
        sum(own.probationary_members)::integer as probationary_members,
        sum(own.exempt_members)::integer as exempt_members,
        count(*) filter (where own.is_cell)::integer as cells,
        max(own.last_admission_on) as last_admission_on
    from {{ ref('int_organisation_closure') }} as closure
    inner join own on closure.organisation_id = own.organisation_id
    group by closure.ancestor_id
),

cells_and_committees as (
    select
        case when own.is_cell then 'CHI_BO' else 'DANG_BO_CO_SO' end as coverage_kind,
        own.organisation_id,
        null::text as administrative_unit_id,
        own.sector,
        own.province_code,
        own.source,
        own.established_on,
        below.members,
        below.official_members,
        below.probationary_members,
        below.exempt_members,
        below.cells,
        below.last_admission_on
    from own
    inner join below on own.organisation_id = below.organisation_id
    where own.is_cell or own.organisation_type in ('C1', 'C3')
),

communes as (
    select
        'XA' as coverage_kind,
        null::uuid as organisation_id,
        unit.administrative_unit_id,
        null::text as sector,
        unit.province_code,
        unit.province_code as source,
        null::date as established_on,
        coalesce(sum(own.members), 0)::integer as members,
        coalesce(sum(own.official_members), 0)::integer as official_members,
        coalesce(sum(own.probationary_members), 0)::integer as probationary_members,
        coalesce(sum(own.exempt_members), 0)::integer as exempt_members,
        count(*) filter (where own.is_cell)::integer as cells,
        max(own.last_admission_on) as last_admission_on
    from {{ ref('int_administrative_unit_code') }} as unit
    left join {{ ref('int_organisation_commune') }} as located on unit.code = located.commune_code
    left join own on located.organisation_id = own.organisation_id
    where unit.level = 'commune' and not unit.is_former
    group by unit.administrative_unit_id, unit.province_code
),

nested as (
    select distinct closure.organisation_id
    from {{ ref('int_organisation_closure') }} as closure
    inner join own on closure.ancestor_id = own.organisation_id
    where closure.distance > 0 and own.organisation_type in ('C1', 'C2', 'C3')
),

basic_organisations as (
    -- what still stands below another basic organisation is counted with that one
    select own.*
    from own
    left join nested on own.organisation_id = nested.organisation_id
    where
        own.organisation_type in ('C1', 'C2', 'C3')
        and own.sector is not null
        and nested.organisation_id is null
),

sectors as (
    select
        'LOAI_HINH' as coverage_kind,
        null::uuid as organisation_id,
        null::text as administrative_unit_id,
        basic_organisations.sector,
        basic_organisations.province_code,
        basic_organisations.province_code as source,
        null::date as established_on,
        sum(below.members)::integer as members,
        sum(below.official_members)::integer as official_members,
        sum(below.probationary_members)::integer as probationary_members,
        sum(below.exempt_members)::integer as exempt_members,
        sum(below.cells)::integer as cells,
        max(below.last_admission_on) as last_admission_on
    from basic_organisations
    inner join below on basic_organisations.organisation_id = below.organisation_id
    group by basic_organisations.sector, basic_organisations.province_code
),

units as (
    select * from cells_and_committees
    union all
    select * from communes
    union all
    select * from sectors
),

limits as (
    select
        units.*,
        case units.coverage_kind
            when 'CHI_BO' then {{ rule_number('CELL_SIZE', 'OFFICIAL_MIN') }}
            when 'DANG_BO_CO_SO' then {{ rule_number('COMMITTEE_SIZE', 'MEMBER_MIN') }}
            when 'XA' then {{ rule_number('COVERAGE', 'COMMUNE_MEMBERS_FEW') }}
            else {{ rule_number('COVERAGE', 'SECTOR_MEMBERS_FEW') }}
        end::integer as member_minimum,
        case when units.coverage_kind = 'CHI_BO' then {{ rule_number('CELL_SIZE', 'REVIEW_MAX') }} end::integer
            as member_review_maximum,
        {{ add_months('coalesce(units.last_admission_on, units.established_on)',
                      rule_number('ADMISSION_GAP', 'MONTHS')) }} as admission_gap_on
    from units
)

select
    md5(concat_ws(
        '|', 'membership_coverage', coverage_kind, coalesce(organisation_id::text, ''),
        coalesce(administrative_unit_id, ''), coalesce(sector, ''), coalesce(province_code, '')
    ))::uuid as coverage_id,
    coverage_kind,
    organisation_id,
    administrative_unit_id,
    sector,
    province_code,
    established_on,
    members,
    official_members,
    probationary_members,
    exempt_members,
    cells,
    member_minimum,
    case when coverage_kind = 'CHI_BO' then official_members else members end < member_minimum as is_below_minimum,
    member_review_maximum,
    coalesce(members > member_review_maximum, false) as is_above_review,
    members = 0 as has_no_members,
    last_admission_on,
    admission_gap_on,
    coalesce(admission_gap_on <= {{ business_date() }}, true) as has_no_recent_admission,
    case coverage_kind
        when 'CHI_BO' then {{ rule_field('CELL_SIZE', 'OFFICIAL_MIN', 'legal_basis') }}
        when 'DANG_BO_CO_SO' then {{ rule_field('COMMITTEE_SIZE', 'MEMBER_MIN', 'legal_basis') }}
        when 'XA' then {{ rule_field('COVERAGE', 'COMMUNE_MEMBERS_FEW', 'legal_basis') }}
        else {{ rule_field('COVERAGE', 'SECTOR_MEMBERS_FEW', 'legal_basis') }}
    end as legal_basis,
    case coverage_kind
        when 'CHI_BO' then {{ rule_field('CELL_SIZE', 'OFFICIAL_MIN', 'confidence') }}
        when 'DANG_BO_CO_SO' then {{ rule_field('COMMITTEE_SIZE', 'MEMBER_MIN', 'confidence') }}
        when 'XA' then {{ rule_field('COVERAGE', 'COMMUNE_MEMBERS_FEW', 'confidence') }}
        else {{ rule_field('COVERAGE', 'SECTOR_MEMBERS_FEW', 'confidence') }}
    end as rule_confidence,
    {{ rule_field('ADMISSION_GAP', 'MONTHS', 'legal_basis') }} as admission_gap_legal_basis,
    {{ rule_field('ADMISSION_GAP', 'MONTHS', 'confidence') }} as admission_gap_confidence,
    source
from limits
