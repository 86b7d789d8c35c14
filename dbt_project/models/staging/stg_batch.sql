-- The business date of each delivery, by which the recency of a statement is judged. Key: batch_id.
select
    batch_id,
    business_date
from {{ source('ops', 'batch') }}
