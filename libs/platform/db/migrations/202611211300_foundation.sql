-- kind: expand
-- effect: first migration; there is no previous release
-- before: select not exists (select from information_schema.tables where table_schema = 'public' and table_name = 'organizations')
-- after: select count(*) = 0 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relrowsecurity and not c.relforcerowsecurity

-- up
set local search_path = public;

-- Who owns what ------------------------------------------------------------------------------------------------------

create table organizations (
  org_id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  name text not null,
  kind text not null check (kind in ('customer', 'owner_datacenter', 'owner_gamer', 'vvb', 'platform')),
  home_zone text not null,
  residency text not null check (residency in ('EU', 'UK', 'US', 'any')),
  policy jsonb not null default '{"name":"balanced"}',
  carbon_target jsonb,
  payout jsonb,
  status text not null default 'active' check (status in ('active', 'suspended', 'pending_delete', 'deleted')),
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

create table api_keys (
  org_id uuid not null references organizations,
  id uuid not null,
  key_id text not null unique check (key_id ~ '^[0-9A-Za-z]{12}$'),
  prefix text not null check (prefix in ('wb_live_', 'wb_test_')),
  digest bytea not null check (octet_length(digest) = 32),
  name text not null,
  permissions text[] not null,
  status text not null default 'active' check (status in ('active', 'rotating', 'revoked', 'expired', 'quarantined')),
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  last_used_at timestamptz,
  primary key (org_id, id)
);

-- One row; every gateway polls it, so that a revoked credential is refused everywhere within 5 s (P-55).
create table credential_epoch (only_row boolean primary key default true check (only_row), epoch bigint not null default 1);
insert into credential_epoch default values;

create table idempotency_keys (
  org_id uuid not null references organizations,
  route text not null,
  key text not null,
  request_sha256 text not null,
  status int not null,
  headers jsonb not null default '{}',
  body jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, route, key)
);

-- Audit: one gapless hash chain per organisation (P-58, P-59) ---------------------------------------------------------

create table audit_chains (
  org_id uuid primary key references organizations,
  chain_id uuid not null unique,
  seq bigint not null default 0,
  last_hash text not null default repeat('0', 64)
);

create table audit_events (
  org_id uuid not null,
  seq bigint not null,
  occurred_at timestamptz not null,
  event_id uuid not null,
  action text not null,
  outcome text not null check (outcome in ('allowed', 'denied', 'failed')),
  target_id text,
  event jsonb not null,
  prev_hash text not null,
  hash text not null,
  primary key (org_id, seq, occurred_at)
) partition by range (occurred_at);

create table audit_context (
  org_id uuid not null,
  event_id uuid not null,
  ip text,
  user_agent text,
  salt text not null,
  primary key (org_id, event_id)
);

-- The grid: public data, no tenant -----------------------------------------------------------------------------------

create table zones (
  key text primary key,
  name text not null,
  latitude numeric(7, 4) not null,
  longitude numeric(7, 4) not null,
  time_zone text not null,
  residency text not null check (residency in ('EU', 'UK', 'US', 'other')),
  sources jsonb not null,
  installed_wind_solar_kw bigint,
  fallback_intensity_mg_per_kwh bigint not null,
  fallback_source text not null,
  fallback_year int not null
);

create table grid_clock (
  zone text primary key references zones,
  interval_start timestamptz not null,
  length_s int not null,
  source_time timestamptz not null,
  source text not null,
  updated_at timestamptz not null default clock_timestamp()
);

-- `value` is the unit's integer: mg/kWh for intensity, µUSD/MWh for price, kW for power (generation, demand, curtailed).
create table grid_signals (
  id uuid not null,
  zone text not null references zones,
  kind text not null check (kind in ('intensity', 'price', 'generation', 'demand', 'curtailed')),
  basis text check (basis in ('average_lifecycle', 'average_direct', 'marginal')),
  fuel text,
  interval_start timestamptz not null,
  length_s int not null check (length_s > 0),
  source_time timestamptz not null,
  value bigint not null,
  source text not null,
  source_ref text,
  issued_at timestamptz not null,
  fetched_at timestamptz not null default clock_timestamp(),
  quality text not null check (quality in ('final', 'preliminary', 'estimated', 'fallback')),
  override boolean not null default false,
  flags text[] not null default '{}',
  sha256 text not null,
  check ((kind = 'intensity') = (basis is not null)),
  check (fuel is null or kind = 'generation'),
  primary key (interval_start, id)
) partition by range (interval_start);
create index on grid_signals (zone, kind, interval_start desc, issued_at desc);
create index on grid_signals (sha256);

-- One row per issue: the next hours of one series, first entry = the hour after `source_time`.
create table grid_forecasts (
  zone text not null references zones,
  kind text not null check (kind in ('intensity', 'price')),
  basis text not null default '',
  source_time timestamptz not null,
  issued_at timestamptz not null default clock_timestamp(),
  source text not null,
  hourly bigint[] not null,
  override boolean not null default false,
  primary key (zone, kind, basis, source_time, issued_at)
);

create table grid_overrides (
  id uuid primary key,
  zone text not null references zones,
  from_interval timestamptz not null,
  until_interval timestamptz not null,
  spec jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);

create table grid_refusals (
  id bigint generated always as identity primary key,
  zone text not null references zones,
  interval_start timestamptz not null,
  source text not null,
  code text not null,
  detail text not null,
  at timestamptz not null default clock_timestamp()
);

create table grid_detectors (
  zone text not null references zones,
  kind text not null,
  state jsonb not null,
  primary key (zone, kind)
);

create table grid_events (
  zone text not null references zones,
  id text not null check (id ~ '^(absorb|shed|carbon-spike|price-spike|stale-signal)-[0-9]{8}T[0-9]{6}Z$'),
  kind text not null check (kind in ('absorb', 'shed', 'carbon-spike', 'price-spike', 'stale-signal')),
  start_at timestamptz not null,
  end_at timestamptz,
  -- What the grid says: open until its closing condition, call or end. The incident agent's own progress is `state`.
  open boolean not null default true,
  state text not null default 'MONITORING' check (state in ('MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED')),
  cause text not null,
  evidence jsonb not null,
  target jsonb,
  scheduled_end_at timestamptz,
  continues text,
  counts jsonb not null default '{}',
  response jsonb,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (zone, id)
);
create unique index one_open_event_per_zone_and_kind on grid_events (zone, kind) where open;
create index on grid_events (start_at desc, zone, id);

create table grid_event_history (
  zone text not null,
  event_id text not null,
  seq int not null,
  state text not null,
  at timestamptz not null default clock_timestamp(),
  cause text not null,
  counts jsonb not null default '{}',
  primary key (zone, event_id, seq),
  foreign key (zone, event_id) references grid_events
);

-- The fleet ----------------------------------------------------------------------------------------------------------

create table nodes (
  id uuid primary key,
  slug text not null unique,
  owner_org_id uuid not null references organizations,
  owner_kind text not null check (owner_kind in ('datacenter', 'gamer')),
  zone text not null references zones,
  gpu_model text not null,
  gpu_memory_gb int not null,
  gpus int not null check (gpus > 0),
  gpus_reserved int not null default 0,
  price_micro_usd_per_gpu_hour bigint not null,
  energy_adder_micro_usd_per_mwh bigint not null default 0,
  price_version int not null default 1,
  pue_e4 int not null check (pue_e4 >= 10000),
  power_model jsonb not null,
  hardware text not null check (hardware in ('real', 'simulated')),
  time_scale int not null default 1,
  trust_e3 int not null default 900 check (trust_e3 between 0 and 1000),
  state text not null default 'provisioning' check (state in ('provisioning', 'online', 'degraded', 'draining', 'silent', 'offline', 'quarantined', 'retired')),
  state_since timestamptz not null default clock_timestamp(),
  state_cause text not null default 'registered',
  desired text not null default 'serve' check (desired in ('serve', 'drain', 'stop')),
  created_at timestamptz not null default clock_timestamp(),
  constraint gpus_never_exceeded check (gpus_reserved between 0 and gpus)
);
create index on nodes (zone);

-- What only the owner and the operator may see, and what authenticates the node.
create table node_credentials (
  org_id uuid not null references organizations,
  node_id uuid not null references nodes,
  address text not null,
  key_id text not null,
  public_key text not null,
  retired_keys jsonb not null default '[]',
  node_token_sha256 bytea not null unique,
  agent_token_sealed bytea not null,
  enrolment_sha256 bytea not null,
  gpu_uuids text[] not null default '{}',
  host jsonb not null default '{}',
  agent_version text not null,
  models jsonb not null default '[]',
  primary key (org_id, node_id)
);

create table node_enrolments (
  org_id uuid not null references organizations,
  id uuid not null,
  slug text not null,
  zone text not null references zones,
  kind text not null check (kind in ('datacenter', 'gamer')),
  price_micro_usd_per_gpu_hour bigint not null,
  pue_e4 int not null default 10000,
  token_sha256 bytea not null unique,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (org_id, id)
);

-- Written at every heartbeat and report: apart from `nodes`, so that reading the fleet never waits for it.
create table node_runtime (
  node_id uuid primary key references nodes,
  boot_id text,
  heartbeat_sequence bigint not null default -1,
  last_heartbeat_at timestamptz,
  heartbeats_in_row int not null default 0,
  availability text not null default 'available',
  health text not null default 'ok',
  meter text not null default 'ok',
  gpus_free int,
  last_health_at timestamptz,
  last_report_at timestamptz,
  last_report_boot_id text,
  last_report_sequence bigint not null default -1,
  last_report_sha256 text,
  last_interval_end timestamptz,
  report_nonce text,
  report_nonce_at timestamptz,
  previous_report_nonce text,
  failed_calls int not null default 0,
  last_failed_call_at timestamptz,
  recent_changes timestamptz[] not null default '{}',
  strikes jsonb not null default '[]'
) with (fillfactor = 70);

-- GPUs held by a workload's segment. `nodes.gpus_reserved` is their sum, changed in the same transaction.
create table reservations (
  workload_id uuid not null,
  segment int not null,
  org_id uuid not null,
  node_id uuid not null references nodes,
  gpus int not null check (gpus > 0),
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workload_id, segment)
);
create index on reservations (node_id);
create index on reservations (expires_at) where expires_at is not null;

create table energy_reports (
  node_id uuid not null references nodes,
  boot_id text not null,
  sequence bigint not null,
  interval_start timestamptz not null,
  interval_end timestamptz not null,
  zone text not null,
  sha256 text not null,
  energy_mj numeric(38, 0) not null,
  tenants_mj numeric(38, 0) not null,
  idle_mj numeric(38, 0) not null,
  grade text not null check (grade in ('measured', 'modelled')),
  report jsonb not null,
  received_at timestamptz not null default clock_timestamp(),
  check (tenants_mj + idle_mj = energy_mj),
  primary key (node_id, boot_id, sequence, interval_start)
) partition by range (interval_start);
create index on energy_reports (zone, interval_start);
create index on energy_reports (node_id, interval_end desc);

create table energy_reports_refused (
  id bigint generated always as identity primary key,
  node_id uuid not null references nodes,
  sequence bigint,
  code text not null,
  detail text not null,
  report jsonb not null,
  received_at timestamptz not null default clock_timestamp()
);

-- Openings of the job commitments of a report: each belongs to its job's tenant (W-22).
create table report_openings (
  org_id uuid not null,
  node_id uuid not null,
  boot_id text not null,
  sequence bigint not null,
  interval_start timestamptz not null,
  job text not null,
  job_id text not null,
  fence int not null,
  salt text not null,
  workload_id uuid not null,
  segment int not null,
  energy_mj numeric(38, 0) not null,
  primary key (org_id, node_id, boot_id, sequence, job, interval_start)
) partition by range (interval_start);
create index on report_openings (org_id, workload_id, segment);

-- Work ---------------------------------------------------------------------------------------------------------------

create table workloads (
  org_id uuid not null references organizations,
  id uuid not null,
  name text not null,
  kind text not null,
  spec jsonb not null,
  labels jsonb not null default '{}',
  policy jsonb not null,
  state text not null,
  reason text,
  node_id uuid references nodes,
  zone text references zones,
  segment int not null default 0,
  fence int not null default 0,
  gpus int not null,
  -- W at the device's meter while it runs, from the node's power model: what shedding this workload would save.
  power_w int not null default 0,
  units_total bigint not null,
  units_done bigint not null default 0,
  checkpoint jsonb,
  moves_used int not null default 0,
  max_moves int not null,
  job_errors int not null default 0,
  node_losses int not null default 0,
  eta timestamptz,
  deadline timestamptz,
  not_before timestamptz,
  starts_by timestamptz,
  exclusions jsonb,
  energy_mj numeric(38, 0) not null default 0,
  facility_mj numeric(38, 0) not null default 0,
  operational_ng numeric(38, 0) not null default 0,
  embodied_ng numeric(38, 0) not null default 0,
  energy_micro_usd numeric(38, 0) not null default 0,
  compute_micro_usd numeric(38, 0) not null default 0,
  grade text,
  signal_quality text,
  budget jsonb,
  on_exhausted text not null default 'pause' check (on_exhausted in ('pause', 'stop')),
  budget_alerted_at timestamptz,
  budget_exhausted_at timestamptz,
  last_decision_id uuid,
  result jsonb,
  correlation_id text not null,
  run_started boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (org_id, id)
) with (fillfactor = 70);
create index on workloads (org_id, created_at desc, id desc);

-- Ids and enum values only, across organisations: how workers find the work of a zone or node without reading a tenant's rows.
create table workload_directory (
  workload_id uuid primary key,
  org_id uuid not null,
  state text not null,
  zone text,
  node_id uuid,
  segment int not null,
  gpus int not null,
  power_w int not null,
  shed_behaviour text not null,
  deadline timestamptz,
  not_before timestamptz,
  reason text,
  run_started boolean not null,
  created_at timestamptz not null,
  last_reviewed_interval timestamptz
) with (fillfactor = 70);
create index on workload_directory (zone, state);
create index on workload_directory (node_id) where node_id is not null;
create index on workload_directory (state, workload_id);
create index on workload_directory (created_at) where not run_started;

create function keep_workload_directory() returns trigger language plpgsql as $$
begin
  insert into workload_directory (workload_id, org_id, state, zone, node_id, segment, gpus, power_w, shed_behaviour, deadline, not_before, reason, run_started, created_at)
  values (new.id, new.org_id, new.state, new.zone, new.node_id, new.segment, new.gpus, new.power_w, coalesce(new.spec ->> 'shed_behaviour', 'move_or_pause'), new.deadline, new.not_before, new.reason, new.run_started, new.created_at)
  on conflict (workload_id) do update set state = excluded.state, zone = excluded.zone, node_id = excluded.node_id, segment = excluded.segment,
    gpus = excluded.gpus, power_w = excluded.power_w, deadline = excluded.deadline, reason = excluded.reason, run_started = excluded.run_started;
  return null;
end $$;
create trigger workload_directory_follows after insert or update of state, zone, node_id, segment, power_w, run_started, deadline, reason on workloads
  for each row execute function keep_workload_directory();

create table segments (
  org_id uuid not null,
  workload_id uuid not null,
  segment int not null check (segment >= 1),
  fence int not null,
  node_id uuid not null references nodes,
  owner_org_id uuid not null,
  zone text not null,
  gpus int not null,
  price_micro_usd_per_gpu_hour bigint not null,
  price_version int not null,
  energy_adder_micro_usd_per_mwh bigint not null,
  pue_e4 int not null,
  time_scale int not null,
  reserved_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  units_start bigint not null,
  units_end bigint,
  gpu_seconds numeric(20, 3) not null default 0,
  energy_mj numeric(38, 0) not null default 0,
  billable boolean not null default true,
  settled_at timestamptz,
  late_result jsonb,
  primary key (org_id, workload_id, segment),
  unique (org_id, workload_id, fence),
  foreign key (org_id, workload_id) references workloads
);
create index on segments (node_id, started_at);

create table energy_lines (
  org_id uuid not null,
  workload_id uuid not null,
  segment int not null,
  interval_start timestamptz not null,
  length_s int not null,
  node_id uuid not null,
  zone text not null,
  energy_mj numeric(38, 0) not null,
  pue_e4 int not null,
  intensity_mg_per_kwh bigint,
  price_micro_usd_per_mwh bigint,
  operational_ng numeric(38, 0),
  energy_micro_usd numeric(38, 0),
  grade text not null check (grade in ('measured', 'modelled', 'estimated')),
  quality text,
  signal_refs text[] not null default '{}',
  primary key (org_id, workload_id, segment, interval_start),
  foreign key (org_id, workload_id, segment) references segments
) with (fillfactor = 70);

create table usage_facts (
  org_id uuid not null,
  key text not null,
  workload_id uuid not null,
  segment int not null,
  owner_org_id uuid not null,
  node_id uuid not null,
  fact jsonb not null,
  corrects text,
  posted_at timestamptz not null default clock_timestamp(),
  primary key (org_id, key)
);

create table decisions (
  org_id uuid not null,
  id uuid not null,
  workload_id uuid not null,
  kind text not null check (kind in ('place', 'move', 'wait', 'keep', 'event', 'request', 'replace')),
  decided_at timestamptz not null default clock_timestamp(),
  outcome text not null,
  reason text not null,
  winner_node_id uuid,
  event_zone text,
  event_id text,
  body jsonb not null check (pg_column_size(body) <= 65536),
  primary key (org_id, id, decided_at)
) partition by range (decided_at);
create index on decisions (org_id, workload_id, decided_at desc);

create table event_answers (
  org_id uuid not null,
  zone text not null,
  event_id text not null,
  workload_id uuid not null,
  answer text check (answer in ('moved', 'paused', 'kept', 'started', 'finished', 'refused', 'no_answer')),
  reason text,
  decision_id uuid,
  kw_before numeric(12, 3),
  kw_after numeric(12, 3),
  signalled_at timestamptz,
  asked_again_at timestamptz,
  answered_at timestamptz,
  primary key (org_id, zone, event_id, workload_id)
);

-- Who of all organisations is affected by an event: ids only, so that the incident agent can page, count and resume.
create table event_affected (
  zone text not null,
  event_id text not null,
  position bigint generated always as identity,
  workload_id uuid not null,
  org_id uuid not null,
  answer text,
  signalled_at timestamptz,
  asked_again_at timestamptz,
  answered_at timestamptz,
  power_w int not null default 0,
  primary key (zone, event_id, workload_id)
);
create index on event_affected (zone, event_id, position);

create table budgets (
  org_id uuid not null references organizations,
  id uuid not null,
  name text not null,
  unit text not null check (unit in ('usd', 'kwh', 'co2e_g')),
  -- In the ledger's integers: µUSD, mJ without PUE (P-70), ng.
  limit_amount numeric(38, 0) not null check (limit_amount > 0),
  reserved numeric(38, 0) not null default 0 check (reserved >= 0),
  used numeric(38, 0) not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, id)
) with (fillfactor = 70);

create table budget_reservations (
  org_id uuid not null,
  budget_id uuid not null,
  workload_id uuid not null,
  reserved numeric(38, 0) not null,
  used numeric(38, 0) not null default 0,
  released_at timestamptz,
  primary key (org_id, budget_id, workload_id),
  foreign key (org_id, budget_id) references budgets
);

create table alerts (
  org_id uuid not null references organizations,
  id uuid not null,
  kind text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  title text not null check (length(title) <= 120),
  body text not null check (length(body) <= 1000),
  zone text,
  subject text,
  dedup_key text not null,
  state text not null default 'firing' check (state in ('firing', 'acknowledged', 'resolved')),
  count int not null default 1,
  opened_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz,
  primary key (org_id, id)
);
create unique index one_open_alert_per_key on alerts (org_id, dedup_key) where state <> 'resolved';

-- Streams: an id is the transaction's number and a running one, so a reader below the oldest open transaction misses nothing.
create sequence stream_seq maxvalue 1048575 cycle;
create function next_stream_id() returns bigint language sql volatile as
  $$ select pg_current_xact_id()::text::bigint * 1048576 + nextval('stream_seq') $$;

create table stream_events (
  org_id uuid not null,
  id bigint not null default next_stream_id(),
  workload_id uuid,
  name text not null,
  data jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, id)
);
create index on stream_events (org_id, workload_id, id) where workload_id is not null;

create table public_stream_events (
  id bigint primary key default next_stream_id(),
  name text not null,
  data jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Append-only, also for the owner ------------------------------------------------------------------------------------

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = '42501';
end $$;

do $$
declare name text;
begin
  foreach name in array array['audit_events', 'grid_signals', 'decisions', 'energy_reports', 'report_openings', 'usage_facts', 'grid_event_history'] loop
    execute format('create trigger append_only before update or delete on %I for each row execute function refuse_change()', name);
    execute format('create trigger append_only_whole before truncate on %I for each statement execute function refuse_change()', name);
  end loop;
end $$;

-- Partitions: one a month, some ahead; a default that must stay empty (O-92) -------------------------------------------

create function make_partitions(from_month date, months int) returns int language plpgsql security definer set search_path = public as $$
declare parent text; month date; made int := 0; child text;
begin
  foreach parent in array array['audit_events', 'grid_signals', 'energy_reports', 'report_openings', 'decisions'] loop
    for i in 0 .. months - 1 loop
      month := (date_trunc('month', from_month) + make_interval(months => i))::date;
      child := parent || '_' || to_char(month, 'YYYYMM');
      if to_regclass(child) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
          month::timestamp at time zone 'UTC', (month + interval '1 month')::timestamp at time zone 'UTC');
        made := made + 1;
      end if;
    end loop;
    if to_regclass(parent || '_default') is null then
      execute format('create table %I partition of %I default', parent || '_default', parent);
    end if;
  end loop;
  return made;
end $$;
select make_partitions((now() - interval '1 month')::date, 6);

-- Tenants: row-level security, forced, also for the owner (O-85) --------------------------------------------------------

do $$
declare name text;
begin
  foreach name in array array['organizations', 'api_keys', 'idempotency_keys', 'audit_chains', 'audit_events', 'audit_context', 'node_credentials',
    'node_enrolments', 'report_openings', 'workloads', 'segments', 'energy_lines', 'usage_facts', 'decisions', 'event_answers', 'budgets',
    'budget_reservations', 'alerts', 'stream_events'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using (org_id = nullif(current_setting(''app.org'', true), '''')::uuid) with check (org_id = nullif(current_setting(''app.org'', true), '''')::uuid)', name);
  end loop;
end $$;

-- Look-ups by digest, before an organisation is known (P-10). Forced row security binds SECURITY DEFINER functions too, so
-- they belong to a role that cannot log in and has a select policy of its own.
create policy auth_lookup on api_keys for select to wattbook_auth using (true);
create policy auth_lookup on organizations for select to wattbook_auth using (true);
create policy auth_lookup on node_credentials for select to wattbook_auth using (true);
create policy auth_lookup on node_enrolments for select to wattbook_auth using (true);
grant usage, create on schema public to wattbook_auth;
grant select on api_keys, organizations, node_credentials, node_enrolments to wattbook_auth;

create function auth_api_key(wanted text)
  returns table (org_id uuid, org_slug text, org_kind text, org_status text, id uuid, prefix text, digest bytea, permissions text[], status text, expires_at timestamptz)
  language sql stable security definer set search_path = public as $$
    select k.org_id, o.slug, o.kind, o.status, k.id, k.prefix, k.digest, k.permissions, k.status, k.expires_at
      from api_keys k join organizations o using (org_id) where k.key_id = wanted $$;

create function auth_node_token(wanted bytea)
  returns table (org_id uuid, node_id uuid, key_id text, public_key text, retired_keys jsonb)
  language sql stable security definer set search_path = public as $$
    select c.org_id, c.node_id, c.key_id, c.public_key, c.retired_keys from node_credentials c where c.node_token_sha256 = wanted $$;

create function auth_enrolment(wanted bytea)
  returns table (org_id uuid, id uuid, slug text, zone text, kind text, price_micro_usd_per_gpu_hour bigint, pue_e4 int, expires_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = public as $$
    select e.org_id, e.id, e.slug, e.zone, e.kind, e.price_micro_usd_per_gpu_hour, e.pue_e4, e.expires_at, e.used_at from node_enrolments e where e.token_sha256 = wanted $$;

revoke execute on all functions in schema public from public;
grant execute on function auth_api_key(text), auth_node_token(bytea), auth_enrolment(bytea), next_stream_id(), keep_workload_directory(), refuse_change(), make_partitions(date, int) to wattbook_app;
alter function auth_api_key(text) owner to wattbook_auth;
alter function auth_node_token(bytea) owner to wattbook_auth;
alter function auth_enrolment(bytea) owner to wattbook_auth;
revoke create on schema public from wattbook_auth;

-- What the product's role may do; nothing else (libs/platform/db/grants.ts holds the same list, a test compares) ----------

grant usage on schema public to wattbook_app, wattbook_read;
grant usage on all sequences in schema public to wattbook_app;
do $$
declare name text;
begin
  foreach name in array array['audit_events', 'grid_signals', 'energy_reports', 'energy_reports_refused', 'report_openings', 'usage_facts', 'decisions',
    'grid_event_history', 'grid_refusals', 'stream_events', 'public_stream_events', 'idempotency_keys', 'audit_context', 'grid_forecasts'] loop
    execute format('grant select, insert on %I to wattbook_app', name);
  end loop;
  foreach name in array array['organizations', 'api_keys', 'credential_epoch', 'audit_chains', 'zones', 'grid_clock', 'grid_overrides', 'grid_detectors', 'grid_events',
    'nodes', 'node_credentials', 'node_enrolments', 'node_runtime', 'workloads', 'workload_directory', 'segments', 'energy_lines', 'event_answers',
    'event_affected', 'budgets', 'budget_reservations', 'alerts'] loop
    execute format('grant select, insert, update on %I to wattbook_app', name);
  end loop;
end $$;
grant select, insert, update, delete on reservations to wattbook_app;
grant select on all tables in schema public to wattbook_read;

-- down
drop schema public cascade;
create schema public;
