{#
    What members' and cadres' records say of the person, as int_person_record holds it, all texts.
    A birth or admission is known as far as it was said: 1956, 1956-05 or 1956-05-03.
#}
{% macro person_attributes() -%}
    {{ return([
        'full_name', 'other_name', 'sex', 'birth_date_known', 'personal_id', 'old_identity_no', 'party_card_no',
        'old_party_card_no', 'ethnicity_code', 'hometown_code', 'residence_code', 'occupation_code',
        'general_education', 'professional_education', 'political_theory', 'admission_date_known',
    ]) }}
{%- endmacro %}

{# What a record says of the person, one row a value: to be joined laterally as `claimed (attribute, value)`. #}
{% macro claimed_values(record) -%}
    (
        values
        {% for attribute in person_attributes() -%}
        ('{{ attribute.removesuffix("_known") }}', {{ record }}.{{ attribute }}){{ ',' if not loop.last }}
        {% endfor -%}
    )
{%- endmacro %}

{# A claimed value with what it is trusted by, of `said` (int_person_record) and `claimed` (claimed_values()). #}
{% macro claim_columns(attribute) -%}
    said.person_id,
        {{ attribute }} as attribute,
        claimed.value,
        claimed.attribute <> 'personal_id' or said.is_personal_id_valid as is_valid,
        coalesce((said.authority_by_attribute ->> claimed.attribute)::integer, said.authority) as authority,
        said.said_on,
        said.record,
        said.source,
        said.source_key
{%- endmacro %}
