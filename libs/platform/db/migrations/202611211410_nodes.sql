-- kind: expand
-- effect: none on the previous release; the new column has a default, and keys were already unique by rule
-- before: select to_regclass('node_runtime') is not null
-- after: select count(*) = 1 from information_schema.columns where table_name = 'node_runtime' and column_name = 'alerted_org_ids'

-- up
set local search_path = public;

-- Whom the node's alerts were raised for: each of them sees them resolved, also where its work has left the node since.
alter table node_runtime add column alerted_org_ids uuid[] not null default '{}';

-- M-39: one key, one node. The index also decides between two registrations at once, of whatever tenants.
create unique index node_key_used_once on node_credentials (public_key);

-- The same of keys that were used before, asked before an organisation's rows may be seen.
grant create on schema public to wattbook_auth;
create function node_key_is_used(wanted text, by_other_than uuid) returns boolean language sql stable security definer set search_path = public as
  $$ select exists (select from node_credentials c where c.node_id <> by_other_than
       and (c.public_key = wanted or c.retired_keys @> jsonb_build_array(jsonb_build_object('public_key', wanted)))) $$;
revoke execute on function node_key_is_used(text, uuid) from public;
grant execute on function node_key_is_used(text, uuid) to wattbook_app;
alter function node_key_is_used(text, uuid) owner to wattbook_auth;
revoke create on schema public from wattbook_auth;

-- down
drop function node_key_is_used(text, uuid);
drop index node_key_used_once;
alter table node_runtime drop column alerted_org_ids;
