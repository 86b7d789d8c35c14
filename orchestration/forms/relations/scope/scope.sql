with period (period_no, from_on, to_on) as (values {{ periods }}),

day as (
    select
        period_no,
        'opening' as moment,
        from_on - 1 as on_date,
        from_on
    from period
    union all
    select
        period_no,
        'closing' as moment,
        to_on - 1 as on_date,
        from_on
    from period
),

unit as (
    select *
    from published.party_organisation
    where organisation_id = {{ organisation }}
),

-- the unit and everything under it; the branch is the committee directly under the root
below as materialized (
    select
        organisation.*,
        split_part(organisation.path, '/', 3) as branch
    from published.party_organisation as organisation
    inner join unit on starts_with(organisation.path, unit.path)
),

-- the basic organisation that each belongs to: the nearest above or itself
basics as (
    select distinct on (below.organisation_id)
        below.organisation_id,
        basic.organisation_id as basic_id,
        basic.sector as basic_sector,
        basic.organisation_type as basic_type
    from below
    cross join lateral regexp_split_to_table(trim('/' from below.path), '/') as step (organisation_code)
    inner join published.party_organisation as basic
        on
            step.organisation_code = basic.organisation_code
            and basic.organisation_type in ('C1', 'C2', 'C3')
            and starts_with(below.path, basic.path)
    order by
        below.organisation_id,
        basic.organisation_id = below.organisation_id desc,
        basic.valid_to is null desc,
        basic.depth desc,
        basic.organisation_id
),

subtree as materialized (
    select
        below.*,
        basics.basic_id,
        basics.basic_type,
        coalesce(basics.basic_sector, case when basics.basic_id is null then below.sector end) as basic_sector
    from below
    left join basics on below.organisation_id = basics.organisation_id
),

host as (
    select distinct on (host_agency_id)
        host_agency_id,
        organisation_id
    from subtree
    where host_agency_id is not null
    order by host_agency_id, depth, organisation_id
),

-- agencies of the unit: of its province or central body, of its commune, or hosts of its organisations
office as materialized (
    select
        agency.*,
        host.organisation_id,
        case
            when agency.agency_type in ('DANG', 'MTTQ') then agency.agency_type
            when agency.agency_type = 'SU_NGHIEP' and superior.agency_type in ('DANG', 'MTTQ') then 'SU_NGHIEP_DANG'
            else 'KHAC'
        end as block
    from published.agency as agency
    cross join unit
    left join published.agency as superior on agency.parent_id = superior.agency_id
    left join host on agency.agency_id = host.host_agency_id
    where
        host.organisation_id is not null
        or (unit.depth = 1 and agency.province_code = unit.province_code)
        or (unit.depth = 1 and unit.province_code is null and agency.source = unit.source)
        or (
            length(unit.administrative_unit_code) = 5
            and agency.administrative_unit_code = unit.administrative_unit_code
        )
),

transfer as (
    select *
    from published.membership_movement
    where is_counted and movement_kind = 'CHUYEN_SINH_HOAT'
),

minority as (
    {{ minority }}
)

{{ statement }}
