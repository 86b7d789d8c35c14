-- Who is who: permanent ids of persons, the evidence they follow from, and what contradicts it.
create table if not exists identity.person (
    person_id uuid primary key,
    created_batch bigint not null,
    redirect_to uuid references identity.person (person_id) check (redirect_to <> person_id),
    created_on date not null
);
comment on table identity.person is 'Every person id ever given; ids are never reused or deleted';
comment on column identity.person.created_batch is 'Delivery with which the first record of the person came; the older id survives a merge';
comment on column identity.person.created_on is 'Business date of the night that gave the id';
comment on column identity.person.redirect_to is 'The person this id was merged into';

create table if not exists identity.evidence (
    evidence_id bigint generated always as identity primary key,
    left_source text not null,
    left_record text not null check (left_record in ('member', 'cadre')),
    left_key text not null,
    right_source text not null,
    right_record text not null check (right_record in ('member', 'cadre')),
    right_key text not null,
    method text not null,
    weight numeric not null,
    rule_version text not null,
    decided_by text not null default 'rule',
    decided_at timestamptz not null default clock_timestamp(),
    withdrawn_at timestamptz,
    constraint pair_in_order
    check ((left_source, left_record, left_key) < (right_source, right_record, right_key))
);
create unique index if not exists evidence_standing
on identity.evidence (left_source, left_record, left_key, right_source, right_record, right_key, method)
where withdrawn_at is null;
comment on table identity.evidence is 'Why two records are held to be one person; withdrawn once the reason no longer stands, never deleted';
comment on column identity.evidence.weight is 'How much the evidence counts, 0 to 1; 1 is as good as a document';
comment on column identity.evidence.decided_by is 'rule, or the steward who decided';

create table if not exists identity.conflict (
    conflict_id bigint generated always as identity primary key,
    left_source text not null,
    left_record text not null,
    left_key text not null,
    right_source text not null,
    right_record text not null,
    right_key text not null,
    reason text not null,
    found_at timestamptz not null default clock_timestamp(),
    resolved_at timestamptz
);
create unique index if not exists conflict_standing
on identity.conflict (left_source, left_record, left_key, right_source, right_record, right_key, reason)
where resolved_at is null;
comment on table identity.conflict is 'Two records that share an id number and are plainly two people: for review, never linked';

create table if not exists identity.person_link (
    source text not null,
    record text not null check (record in ('member', 'cadre')),
    source_key text not null,
    person_id uuid not null references identity.person (person_id),
    method text not null,
    linked_batch bigint not null,
    linked_at timestamptz not null default clock_timestamp(),
    primary key (source, record, source_key)
);
create index if not exists person_link_person on identity.person_link (person_id);
comment on table identity.person_link is 'Which person each record belongs to; a record that disappears keeps its link for its return';
comment on column identity.person_link.method is 'Strongest evidence that ties the record to the person, single when it stands alone';
comment on column identity.person_link.linked_batch is 'Version of the record (raw.first_batch) that was linked, by which a reused key is noticed';
