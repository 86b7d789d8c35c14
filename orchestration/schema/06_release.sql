-- Candidates, releases, the pointer that staff read by, and what engineers decided about them.
create table if not exists ops.candidate (
    candidate_no bigint generated always as identity primary key,
    run_id text not null,
    business_date date not null,
    project_version text not null,
    intake_state text not null,
    batch_high_water bigint,
    started_at timestamptz not null,
    finished_at timestamptz not null default clock_timestamp(),
    dbt_ok boolean not null,
    reason text
);
comment on table ops.candidate is
'One build of core and marts: what it was built from and whether dbt and its tests passed';
comment on column ops.candidate.project_version is 'Digest of the dbt project that built it';
comment on column ops.candidate.intake_state is 'ops.intake_state() as read before the build began';
comment on column ops.candidate.batch_high_water is 'Newest accepted batch when the build began';

create table if not exists ops.release (
    release_id bigint generated always as identity primary key,
    release_no integer unique,
    moment timestamptz not null unique,
    business_date date not null,
    state text not null default 'building' check (state in ('building', 'published', 'failed', 'withdrawn')),
    is_current boolean not null default false,
    candidate_no bigint references ops.candidate,
    batch_high_water bigint,
    sources integer,
    counts jsonb not null default '{}',
    reason text,
    run_id text not null,
    created_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    constraint only_published_releases_have_a_number
    check ((state in ('published', 'withdrawn')) = (release_no is not null)),
    constraint the_current_release_is_published check (not is_current or state = 'published')
);
create unique index if not exists release_current on ops.release (is_current) where is_current;
create unique index if not exists release_building on ops.release (state) where state = 'building';
comment on table ops.release is 'Every attempt to publish; attempts that failed have no number and are never visible';
comment on column ops.release.moment is 'The one moment that all rows of history written by this attempt carry';
comment on column ops.release.sources is 'Sources whose last accepted state stood in the candidate';
comment on column ops.release.counts is
'By relation: rows, and rows added, changed and removed against the release before';
comment on column ops.release.run_id is 'Run that made the attempt';

create table if not exists ops.release_check (
    release_id bigint not null references ops.release on delete cascade,
    check_id text not null,
    subject text not null,
    severity text not null check (severity in ('error', 'warning')),
    passed boolean not null,
    observed text not null,
    expected text not null,
    primary key (release_id, check_id, subject)
);
comment on table ops.release_check is
'Verdicts of the release gate on each attempt, in counts and names of relations only';

create table if not exists ops.publication_hold (
    hold_id bigint generated always as identity primary key,
    reason text not null check (length(trim(reason)) >= 5),
    placed_by text not null,
    placed_at timestamptz not null default clock_timestamp(),
    lifted_by text,
    lifted_at timestamptz,
    lift_reason text
);
create unique index if not exists publication_hold_open on ops.publication_hold ((true)) where lifted_at is null;
comment on table ops.publication_hold is 'While a row is not lifted nothing is published';

create table if not exists ops.release_event (
    event_id bigint generated always as identity primary key,
    kind text not null check (kind in ('published', 'failed', 'rolled_back', 'held', 'resumed')),
    release_id bigint references ops.release,
    reason text,
    decided_by text not null,
    happened_at timestamptz not null default clock_timestamp()
);
comment on table ops.release_event is
'Every move of the pointer and every hold, with who and why; rows are only added';

create table if not exists ops.rule (
    rule_id text primary key,
    record text,
    column_name text,
    severity text not null,
    sentence text not null,
    tolerance numeric not null,
    blocks text[] not null default '{}',
    alarm boolean not null default false
);
comment on table ops.rule is
'Rules of the contracts and of intake as they are judged now, kept for those who read figures';

create table if not exists ops.published_view (
    view_name text primary key,
    digest text not null,
    replaced_at timestamptz not null default clock_timestamp()
);
comment on table ops.published_view is
'Definition that each published view was last given, so that it is replaced only when it changes';

-- plpgsql, since decisions about persons are a table of a later file
create or replace function ops.intake_state() returns text
language plpgsql stable
as $$
begin
    return (
        select format(
            '%s accepted, %s withdrawn, newest %s, %s decisions, %s about persons',
            count(*) filter (where status = 'accepted'),
            count(*) filter (where status = 'withdrawn'),
            max(batch_id),
            (select count(*) from ops.decision),
            (select count(*) + count(undone_at) from identity.decision)
        )
        from ops.batch
        where status = 'withdrawn' or (status = 'accepted' and (accepted > 0 or closed > 0))
    );
end
$$;
comment on function ops.intake_state() is
'What a release is made of: changes whenever a batch that changed raw is accepted or withdrawn, an engineer decides '
'about deliveries or a steward about persons';

create or replace function ops.release_moment() returns timestamptz
language plpgsql stable parallel safe security definer set search_path = ops, pg_temp
as $$
declare
    found_moment timestamptz;
begin
    select r.moment into found_moment from ops.release r where r.state = 'building';
    if found_moment is null then
        raise exception 'No release is being built: history is written only by a publication.';
    end if;
    return found_moment;
end
$$;
comment on function ops.release_moment() is
'Moment of the release being built; raises when there is none, never NULL';

create or replace function ops.visible_moment() returns timestamptz
language plpgsql stable parallel safe security definer set search_path = ops, pg_temp
as $$
declare
    wanted text := nullif(current_setting('lienthong.release', true), '');
    found_moment timestamptz;
begin
    if wanted is null then
        select r.moment into found_moment from ops.release r where r.is_current;
        return coalesce(found_moment, '-infinity');
    end if;
    if pg_input_is_valid(wanted, 'integer') then
        select r.moment into found_moment
        from ops.release r where r.release_no = wanted::integer and r.state in ('published', 'withdrawn');
    end if;
    if found_moment is null then
        raise exception 'There is no release %.', wanted using errcode = 'invalid_parameter_value';
    end if;
    return found_moment;
end
$$;
comment on function ops.visible_moment() is
'Moment at which published views read: of the current release, or of the one that the setting lienthong.release names';

revoke all on function ops.intake_state(), ops.release_moment(), ops.visible_moment() from public;
grant execute on function ops.intake_state() to lienthong_engineer;
grant execute on function ops.visible_moment() to lienthong_engineer, lienthong_staff;
