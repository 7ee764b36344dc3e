-- kind: expand
-- effect: none on the previous release; new columns have defaults and new rows only fill them
-- before: select to_regclass('event_affected') is not null
-- after: select count(*) = 7 from information_schema.columns where table_name = 'event_affected' and column_name in ('gpus', 'deadline', 'decision_id', 'action', 'target', 'reason', 'told_over_at')

-- up
set local search_path = public;

-- What was decided for an affected workload, so that a repeated activity tells the same and decides nothing twice.
alter table event_affected
  add column gpus int not null default 0,
  add column deadline timestamptz,
  add column decision_id uuid,
  add column action text check (action in ('move', 'pause', 'start', 'keep')),
  -- Segment, fence, node and zone that are reserved for it.
  add column target jsonb,
  add column reason text,
  add column kw_after numeric(12, 3),
  -- When its run was told that the event is over; a resume counts against the zone's pace from here on (W-105).
  add column told_over_at timestamptz,
  add check (answer in ('moved', 'paused', 'kept', 'started', 'finished', 'refused', 'no_answer'));
create index on event_affected (workload_id);

-- Operators' alerts are rows of the platform's organisation; which one that is, every transaction may know.
grant create on schema public to wattbook_auth;
create function platform_org_id() returns uuid language sql stable security definer set search_path = public as
  $$ select org_id from organizations where slug = 'platform' $$;
revoke execute on function platform_org_id() from public;
grant execute on function platform_org_id() to wattbook_app;
alter function platform_org_id() owner to wattbook_auth;
revoke create on schema public from wattbook_auth;

-- down
drop function platform_org_id();
drop index event_affected_workload_id_idx;
alter table event_affected
  drop constraint event_affected_answer_check,
  drop column told_over_at, drop column kw_after, drop column reason, drop column target, drop column action, drop column decision_id, drop column deadline, drop column gpus;
