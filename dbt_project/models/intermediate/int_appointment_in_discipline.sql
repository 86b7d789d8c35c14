-- Appointments made while discipline barred them. Key: assignment_id. Class P3: never published, counted only.
-- The bar runs from the decision for the months that the form asks for; its last day is the day before it ends.
-- Of several bars the one decided last is named.
select distinct on (appointment.assignment_id)
    appointment.assignment_id,
    appointment.province_code,
    appointment.source,
    rule.legal_basis,
    rule.confidence
from {{ ref('int_appointment') }} as appointment
inner join {{ ref('discipline') }} as discipline on appointment.person_id = discipline.person_id
inner join {{ ref('dated_rule') }} as rule
    on
        rule.rule_code = 'DISCIPLINE_BAR'
        and rule.parameter = discipline.form || '_MONTHS'
        and {{ applies_on('rule', 'discipline.decision_date') }}
where
    appointment.assignment_kind in ('BO_NHIEM', 'BO_NHIEM_LAI', 'BAU', 'CHI_DINH')
    and appointment.decided_on >= discipline.decision_date
    and appointment.decided_on < {{ add_months('discipline.decision_date', 'rule.value::numeric') }}
order by appointment.assignment_id asc, discipline.decision_date desc, rule.parameter asc
