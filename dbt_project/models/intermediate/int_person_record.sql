-- Every record that describes a known person, with what it says of them. Key: (record, source, source_key).
-- record_rank orders the records of a person: authority of the source for that kind of data, recency, source, key.
-- Single attributes have an order of their own: int_person_claim.
{{ config(materialized='table') }}

with described as (
    select
        'member' as record,
        source,
        source_key,
        full_name,
        other_name,
        sex,
        birth_date,
        birth_date_precision,
        personal_id,
        old_identity_no,
        party_card_no,
        old_party_card_no,
        ethnicity_code,
        hometown_code,
        residence_code,
        occupation_code,
        general_education,
        professional_education,
        political_theory,
        admission_date,
        first_batch
    from {{ ref('stg_member') }}
    union all
    select
        'cadre' as record,
        source,
        source_key,
        full_name,
        other_name,
        sex,
        birth_date,
        birth_date_precision,
        personal_id,
        old_identity_no,
        null as party_card_no,
        old_party_card_no,
        ethnicity_code,
        hometown_code,
        null as residence_code,
        null as occupation_code,
        null as general_education,
        professional_education,
        political_theory,
        admission_date,
        first_batch
    from {{ ref('stg_cadre') }}
)

select
    link.person_id,
    described.*,
    to_char(
        described.birth_date,
        case described.birth_date_precision when 'Y' then 'YYYY' when 'M' then 'YYYY-MM' else 'YYYY-MM-DD' end
    ) as birth_date_known,
    to_char(described.admission_date, 'YYYY-MM-DD') as admission_date_known,
    coalesce(trust.authority, 50) as authority,
    trust.by_attribute as authority_by_attribute,
    coalesce(link.id_verdict = 'valid', false) as is_personal_id_valid,
    batch.business_date as said_on,
    count(*) over (partition by link.person_id) as record_count,
    row_number() over (
        partition by link.person_id
        order by
            coalesce(trust.authority, 50) desc,
            batch.business_date desc nulls last,
            described.source,
            described.record,
            described.source_key
    ) as record_rank
from described
inner join {{ ref('stg_person_link') }} as link
    on
        described.record = link.record
        and described.source = link.source
        and described.source_key = link.source_key
left join {{ ref('stg_source_authority') }} as trust
    on described.source = trust.source and described.record = trust.kind
left join {{ ref('stg_batch') }} as batch on described.first_batch = batch.batch_id
