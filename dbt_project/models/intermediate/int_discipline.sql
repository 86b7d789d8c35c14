-- Discipline with whom it is of: a cadre, a party member or a party organisation. Key: (source, source_key).
{{ with_subject('discipline') }}
