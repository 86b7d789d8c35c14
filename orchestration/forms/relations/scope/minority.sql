select
    person_id,
    ethnicity_code not in ('01', '55', '56') as is_minority
from history.person
where
    dbt_valid_from <= (select ops.visible_moment())
    and (select ops.visible_moment()) < dbt_valid_to
