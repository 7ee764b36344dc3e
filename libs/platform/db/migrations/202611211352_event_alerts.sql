-- kind: expand
-- effect: none on the previous release; the new column has a default
-- before: select to_regclass('grid_events') is not null
-- after: select count(*) = 1 from information_schema.columns where table_name = 'grid_events' and column_name = 'alerted_org_ids'

-- up
set local search_path = public;

-- Whom the event's alert was raised for: each of them sees it resolved, also where its work has left the zone since.
alter table grid_events add column alerted_org_ids uuid[] not null default '{}';

-- down
alter table grid_events drop column alerted_org_ids;
