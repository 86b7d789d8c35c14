-- Who is who: permanent ids of persons, the records and evidence they follow from, and what contradicts it.

create table if not exists identity.person (
    person_id uuid primary key,
    created_batch bigint not null,
    redirect_to uuid references identity.person (person_id) check (redirect_to <> person_id),
    created_on date not null,
    split_from uuid references identity.person (person_id),
    created_at timestamptz not null default now()
);
comment on table identity.person is 'Every person id ever given; ids are never reused or deleted';
comment on column identity.person.created_batch is 'Delivery with which the first record of the person came; the older id survives a merge';
comment on column identity.person.created_on is 'Business date of the night that gave the id';
comment on column identity.person.redirect_to is 'The person this id was merged into';
comment on column identity.person.split_from is 'The person whose records the first records of this id were; such an id gives way when the two meet again';

create table if not exists identity.linkage_record (
    record_id bigint generated always as identity primary key,
    source text not null,
    record text not null check (record in ('member', 'cadre')),
    source_key text not null,
    present boolean not null,
    batch bigint not null,
    row_hash bigint not null,
    name_key text,
    plain_key text,
    other_name_key text,
    sex text,
    birth_date date,
    birth_precision text,
    personal_id text,
    id_verdict text,
    party_card_no text,
    old_identity_no text,
    old_party_card_no text,
    hometown_units text,
    hometown_provinces text,
    admission_date date,
    unique (source, record, source_key)
) with (fillfactor = 95); -- what changes in a night finds room on its page, and its indexes stay as they are
create index if not exists linkage_record_personal_id on identity.linkage_record (personal_id)
where personal_id is not null;
create index if not exists linkage_record_old_identity_no on identity.linkage_record (old_identity_no)
where old_identity_no is not null;
create index if not exists linkage_record_old_party_card_no on identity.linkage_record (old_party_card_no)
where old_party_card_no is not null;
comment on table identity.linkage_record is 'Every record ever linked with what linkage compares, kept between nights; numbers mean nothing';
comment on column identity.linkage_record.present is 'Whether the record is open in raw; one that is gone keeps its number for its return';
comment on column identity.linkage_record.batch is 'Version of the record (raw.first_batch) that was read';

create table if not exists identity.linked_version (
    one boolean primary key default true check (one),
    version text not null,
    linked_at timestamptz not null default now()
);
alter table identity.linked_version
add column if not exists records bigint, add column if not exists marks numeric, add column if not exists batch bigint;
comment on table identity.linked_version is 'Rules, model, settings and reference data of the last linking; another version links everything anew';
comment on column identity.linked_version.records is 'Open rows of raw that were linked';
comment on column identity.linked_version.marks is 'Sum of identity.version_mark over them: whether raw says something else since';
comment on column identity.linked_version.batch is 'Last batch that was among them';

-- A number for one version of one record, so that sums tell whether two sets of versions are the same.
create or replace function identity.version_mark(
    record text, source text, source_key text, batch bigint, row_hash bigint
) returns bigint
language sql immutable parallel safe
return hashint8extended(
    row_hash, hashtextextended(source_key, hashtextextended(source, hashtextextended(record, batch)))
);

create table if not exists identity.evidence (
    evidence_id bigint generated always as identity primary key,
    left_id bigint not null,
    right_id bigint not null check (left_id < right_id),
    method text not null,
    weight double precision not null,
    probability double precision,
    vector jsonb,
    rule_version text not null,
    decided_at timestamptz not null default now(),
    withdrawn_at timestamptz
);
create unique index if not exists evidence_standing
on identity.evidence (left_id, right_id, method) where withdrawn_at is null;
create index if not exists evidence_standing_right on identity.evidence (right_id) where withdrawn_at is null;
comment on table identity.evidence is 'Why two records may be one person; withdrawn once the reason no longer stands, never deleted';
comment on column identity.evidence.left_id is 'identity.linkage_record';
comment on column identity.evidence.right_id is 'identity.linkage_record';
comment on column identity.evidence.weight is 'Bits: log2 of how much likelier one person is than two, the prior counted in';
comment on column identity.evidence.vector is 'Comparison: [level, bits]; levels count down from the best, 0 is different, -1 unknown';
comment on column identity.evidence.rule_version is 'Version of the rules, or of the trained model';

create table if not exists identity.broken_evidence (
    left_id bigint not null,
    right_id bigint not null,
    weight double precision not null,
    method text not null,
    reason text not null,
    broken_at timestamptz not null default now(),
    primary key (left_id, right_id)
);
create index if not exists broken_evidence_right on identity.broken_evidence (right_id);
comment on table identity.broken_evidence is 'Links that a guard or a decision does not let stand now, and why';

create table if not exists identity.review_item (
    item_id bigint generated always as identity primary key,
    left_id bigint not null,
    right_id bigint not null,
    weight double precision not null,
    method text not null,
    reason text not null,
    first_seen timestamptz not null default now(),
    closed_at timestamptz
);
create unique index if not exists review_item_open on identity.review_item (left_id, right_id)
where closed_at is null;
create index if not exists review_item_open_right on identity.review_item (right_id) where closed_at is null;
comment on table identity.review_item is 'Pairs of persons that a steward should look at; closed once there is nothing to ask';

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
comment on table identity.conflict is 'Two records that contradict each other, for their sources to set right: one id number of two people, a valid id that does not stand for its person (left) against the one that does (right), or a key given to somebody else';

create or replace view identity.overruled_id as
select
    conflict_id,
    left_source as source,
    left_record as record,
    left_key as source_key,
    reason,
    right_source as standing_source,
    right_record as standing_record,
    right_key as standing_key,
    found_at
from identity.conflict
where resolved_at is null and reason in ('mistyped_number', 'second_number');
comment on view identity.overruled_id is 'Records whose valid personal id is judged not to be that of their person, and the record whose id stands';
comment on column identity.overruled_id.reason is 'mistyped_number: one slip away from the id that stands; second_number: another one, of a record that a steward joined';

create table if not exists identity.person_link (
    source text not null,
    record text not null check (record in ('member', 'cadre')),
    source_key text not null,
    person_id uuid not null references identity.person (person_id),
    method text not null,
    linked_at timestamptz not null default clock_timestamp(),
    own_person_id uuid references identity.person (person_id),
    primary key (source, record, source_key)
);
create index if not exists person_link_person on identity.person_link (person_id);
create index if not exists person_link_own_person on identity.person_link (own_person_id)
where own_person_id is not null;
comment on table identity.person_link is 'Which person each record belongs to; a record that disappears keeps its link for its return';
comment on column identity.person_link.method is 'Strongest evidence that ties the record to the person, single when it stands alone';
comment on column identity.person_link.own_person_id is 'The person it would belong to without the decisions that stand; null where that is the same';

create table if not exists identity.person_event (
    event_id bigint generated always as identity primary key,
    kind text not null check (
        kind in ('merged', 'split', 'record moved', 'record left', 'restored', 'key changed')
    ),
    person_id uuid not null,
    from_person_id uuid,
    source text,
    record text,
    source_key text,
    from_key text,
    business_date date,
    decision_id bigint,
    happened_at timestamptz not null default now()
);
create index if not exists person_event_person on identity.person_event (person_id);
create index if not exists person_event_decision on identity.person_event (decision_id) where decision_id is not null;
comment on table identity.person_event is 'What became of person ids after they were given; nothing is ever deleted';
comment on column identity.person_event.from_person_id is 'The id merged, split from, or left by the record';
comment on column identity.person_event.from_key is 'Key that the record had before, as source/record/key';
comment on column identity.person_event.decision_id is 'The decision that brought it about, null for a night';
