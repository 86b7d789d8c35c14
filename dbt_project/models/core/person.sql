-- One row a person, every attribute the surviving value of what the sources claim. Key: person_id.
with leading_records as (
    select
        person_id,
        record,
        source,
        source_key
    from {{ ref('int_person_record') }}
    where record_rank = 1
),

record_counts as (
    select
        person_id,
        count(*)::integer as record_count,
        count(distinct source)::integer as source_count,
        bool_or(record = 'member') as is_member_record,
        bool_or(record = 'cadre') as is_cadre_record
    from {{ ref('int_person_record') }}
    group by person_id
)

select
    leading_records.person_id,
    survivors.full_name,
    nullif(identity.sort_key(survivors.full_name), '') as sort_key,
    survivors.other_name,
    survivors.sex,
    case length(survivors.birth_date_known)
        when 4 then (survivors.birth_date_known || '-01-01')::date
        when 7 then (survivors.birth_date_known || '-01')::date
        when 10 then survivors.birth_date_known::date
    end as birth_date,
    case length(survivors.birth_date_known)
        when 4 then 'Y'
        when 7 then 'M'
        when 10 then 'D'
    end as birth_date_precision,
    survivors.personal_id,
    survivors.old_identity_no,
    survivors.party_card_no,
    survivors.old_party_card_no,
    survivors.ethnicity_code,
    survivors.hometown_code,
    hometown.administrative_unit_id as hometown_unit_id,
    survivors.hometown_code is not null and hometown.code is null as is_hometown_unresolved,
    survivors.residence_code,
    residence.administrative_unit_id as residence_unit_id,
    survivors.residence_code is not null and residence.code is null as is_residence_unresolved,
    survivors.occupation_code,
    survivors.general_education,
    survivors.professional_education,
    survivors.political_theory,
    survivors.admission_date_known::date as admission_date,
    record_counts.record_count,
    record_counts.source_count,
    record_counts.is_member_record,
    record_counts.is_cadre_record,
    leading_records.record as source_record,
    leading_records.source,
    leading_records.source_key
from leading_records
inner join record_counts on leading_records.person_id = record_counts.person_id
inner join {{ ref('int_person_survivor') }} as survivors on leading_records.person_id = survivors.person_id
left join {{ ref('int_administrative_unit_code') }} as hometown on survivors.hometown_code = hometown.code
left join {{ ref('int_administrative_unit_code') }} as residence on survivors.residence_code = residence.code
