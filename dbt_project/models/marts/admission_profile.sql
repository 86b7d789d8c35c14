-- Whom the Party admits, in counts by year: sex, age on the day, occupation, minority, sector. Key: profile_id.
-- Grain: year, reporting body (source is NULL for the country), dimension, value. Every admission has one value in
-- each dimension, X where the record does not say. Small figures of minorities are withheld with their complement,
-- and the country's where only one body's is withheld. Years begin with those of membership_flow; the last one ends
-- on the business date.
with admissions as (
    select
        extract(year from movement.moved_on)::integer as admission_year,
        coalesce(organisation.source, movement.source) as source,
        person.sex,
        date_part('year', age(movement.moved_on, person.birth_date)) as years_of_age,
        person.occupation_code,
        person.ethnicity_code not in ('01', '55', '56') as is_minority,
        basic.sector
    from {{ ref('membership_movement') }} as movement
    inner join {{ ref('person') }} as person on movement.person_id = person.person_id
    left join {{ ref('party_organisation') }} as organisation
        on movement.to_organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_basic') }} as basic
        on movement.to_organisation_id = basic.organisation_id
    where
        movement.is_counted
        and movement.movement_kind in ('KET_NAP', 'KET_NAP_LAI')
        and movement.moved_on
        between {{ rule_field('MEMBERSHIP_FLOW', 'FROM_ON', 'value') }}::date and {{ business_date() }}
),

described as (
    select
        admissions.admission_year,
        admissions.source,
        said.dimension,
        said.value
    from admissions
    cross join lateral (
        values
        ('TONG_SO', 'TONG_SO'),
        ('GIOI_TINH', coalesce(admissions.sex, 'X')),
        (
            'DO_TUOI',
            case
                when admissions.years_of_age <= 30 then '18-30'
                when admissions.years_of_age <= 40 then '31-40'
                when admissions.years_of_age <= 50 then '41-50'
                when admissions.years_of_age > 50 then '51+'
                else 'X'
            end
        ),
        ('NGHE_NGHIEP', coalesce(admissions.occupation_code, 'X')),
        (
            'DAN_TOC',
            case
                when admissions.is_minority then 'THIEU_SO'
                when not admissions.is_minority then 'KHAC'
                else 'X'
            end
        ),
        (
            'KHU_VUC',
            case
                when admissions.sector is null then 'X'
                when admissions.sector = '6b' or admissions.sector ~ '^9[bc]' then 'NGOAI_NHA_NUOC'
                else 'NHA_NUOC_VA_DIA_BAN'
            end
        )
    ) as said (dimension, value)
),

counts as (
    select
        admission_year,
        source,
        dimension,
        value,
        grouping(source) = 1 as is_country,
        count(*)::integer as admitted
    from described
    group by grouping sets ((admission_year, source, dimension, value), (admission_year, dimension, value))
),

shares as (
    select
        *,
        coalesce(sum(admitted) filter (where value = 'THIEU_SO') over figures, 0) as minority_count,
        coalesce(sum(admitted) filter (where value = 'KHAC') over figures, 0) as majority_count
    from counts
    window figures as (partition by admission_year, source, dimension)
),

small as (
    select
        *,
        dimension = 'DAN_TOC' and {{ is_small_share('minority_count', 'majority_count') }} as is_small
    from shares
),

withheld as (
    select
        *,
        {{ is_share_withheld(['admission_year', 'dimension']) }} as is_suppressed
    from small
)

select
    md5(concat_ws(
        '|', 'admission_profile', admission_year, coalesce(source, '*'), dimension, value
    ))::uuid as profile_id,
    admission_year,
    source,
    dimension,
    value,
    case when not is_suppressed then admitted end as admitted,
    is_suppressed,
    {{ rules_basis(['MEMBERSHIP_FLOW.FROM_ON', 'SMALL_CELL.MIN_COUNT']) }} as legal_basis,
    {{ rules_confidence(['MEMBERSHIP_FLOW.FROM_ON', 'SMALL_CELL.MIN_COUNT']) }} as rule_confidence
from withheld
