-- kind: expand
-- effect: two indexes on tables that are still small, and a look-up; nothing is rewritten
-- before: select exists (select from information_schema.tables where table_name = 'stream_events')
-- after: select exists (select from pg_proc where proname = 'stream_orgs')

-- up
set local search_path = public;

create index on stream_events (id);
create index on workloads (org_id, state, created_at desc, id desc);

-- Which organisations have news, and nothing else: one question a tick for all open streams, instead of one for each organisation.
create policy stream_lookup on stream_events for select to wattbook_auth using (true);
grant select (org_id, id) on stream_events to wattbook_auth;
create function stream_orgs(after bigint, below bigint) returns table (org_id uuid) language sql stable security definer set search_path = public as $$
  select distinct e.org_id from stream_events e where e.id > after and e.id < below $$;
grant create on schema public to wattbook_auth;
revoke execute on function stream_orgs(bigint, bigint) from public;
grant execute on function stream_orgs(bigint, bigint) to wattbook_app;
alter function stream_orgs(bigint, bigint) owner to wattbook_auth;
revoke create on schema public from wattbook_auth;

-- down
drop function stream_orgs(bigint, bigint);
revoke select (org_id, id) on stream_events from wattbook_auth;
drop policy stream_lookup on stream_events;
drop index workloads_org_id_state_created_at_id_idx;
drop index stream_events_id_idx;
