-- kind: expand
-- effect: new columns with constant defaults; nothing is rewritten
-- before: select to_regclass('segments') is not null
-- after: select count(*) = 3 from information_schema.columns where (table_name, column_name) in (('segments', 'restore'), ('segments', 'counts_as_move'), ('workload_directory', 'keeps'))

-- up
set local search_path = public;

-- What the segment's job starts from, fixed when its start begins: a repeated PUT must have the same body (W-16).
alter table segments add column restore jsonb;
-- False for a drain of a deploy and after a lost node: no fault of the workload (W-74, WD-17).
alter table segments add column counts_as_move boolean not null default true;
-- Decisions to stay that were counted and not stored (W-68).
alter table workload_directory add column keeps bigint not null default 0;

-- down
alter table workload_directory drop column keeps;
alter table segments drop column counts_as_move, drop column restore;
