-- Choosing one spell among several must never leave a member with none.
select person_id
from {{ ref('party_membership') }}
group by person_id
having
    bool_or(status not in ('TU_TRAN', 'KHAI_TRU', 'XOA_TEN', 'XIN_RA', 'CHO_RA', 'CHUYEN_DI_NGOAI'))
    and not bool_or(is_current)
