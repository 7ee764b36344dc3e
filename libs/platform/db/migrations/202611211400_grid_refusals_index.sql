-- kind: expand
-- effect: none; an index more
-- before: select to_regclass('grid_refusals_zone_interval') is null
-- after: select to_regclass('grid_refusals_zone_interval') is not null

-- up
-- Read at every tick of a zone; the table is small when this runs, so a plain build holds nobody up.
create index grid_refusals_zone_interval on grid_refusals (zone, interval_start);

-- down
drop index grid_refusals_zone_interval;
