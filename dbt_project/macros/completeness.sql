{#
    What each record should say, field by field; identifiers and dates that figures rest on. Disciplinary records are
    left out: even their number by source is for need-to-know. Which key an evaluation needs depends on whom it is about,
    so the gate asks for it.
#}
{% macro completeness_fields() -%}
    {{ return({
        'organisation': ['organisation_code', 'name', 'organisation_type', 'sector', 'parent_code',
            'administrative_unit_code', 'decision_no', 'valid_from', 'reported_members', 'term_to'],
        'agency': ['agency_code', 'name', 'agency_type', 'agency_level', 'administrative_unit_code', 'deputy_count'],
        'member': ['full_name', 'sex', 'birth_date', 'personal_id', 'party_card_no', 'ethnicity_code', 'hometown_code',
            'residence_code', 'occupation_code', 'general_education', 'professional_education', 'political_theory',
            'admission_date', 'admission_decision_date', 'official_date', 'status', 'organisation_code',
            'card_issue_date', 'last_activity_date'],
        'membership_transfer': ['member_key', 'personal_id', 'transfer_type', 'from_organisation_code',
            'to_organisation_code', 'left_date', 'arrived_date', 'state'],
        'cadre': ['full_name', 'sex', 'birth_date', 'personal_id', 'staff_code', 'ethnicity_code', 'category',
            'agency_code', 'quota_source', 'management_level', 'recruited_on', 'started_on', 'job_title', 'rank_code',
            'rank_step', 'professional_education', 'political_theory', 'state_management'],
        'position_assignment': ['cadre_key', 'position_title', 'position_code', 'assignment_kind', 'decision_no',
            'decision_date', 'authority_level', 'started_on', 'planned_end_on', 'is_head', 'is_primary'],
        'evaluation': ['subject_kind', 'period', 'total_score', 'level', 'decided_on'],
        'planning': ['cadre_key', 'target_position', 'term', 'status', 'decision_no', 'decision_date'],
        'training': ['cadre_key', 'training_type', 'level', 'school', 'started_on', 'ended_on', 'certificate'],
        'award': ['cadre_key', 'form', 'award_level', 'decision_no', 'decision_date'],
        'staffing_quota': ['agency_code', 'year', 'category', 'assigned', 'decision_no', 'decision_date'],
        'headcount': ['agency_code', 'counted_on', 'category', 'present', 'retiring_within_year'],
    }) }}
{%- endmacro %}
