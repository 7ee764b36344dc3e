import type pg from 'pg';

/** Copies of one real row with ids and times of their own, with what the directory's trigger would have written. @returns when they are there and analysed */
export async function fillWithWorkloads(database: pg.Client, orgId: string, templateId: string, count: number): Promise<void> {
  const { rows } = await database.query<{ name: string }>(`select quote_ident(attname) as name from pg_attribute where attrelid = 'workloads'::regclass and attnum > 0 and not attisdropped`);
  const own: Readonly<Record<string, string>> = {
    id: 'gen_random_uuid()', created_at: `w.created_at - make_interval(secs => n * 30)`, updated_at: `w.created_at - make_interval(secs => n * 30 - 20)`, state: `'completed'`, reason: `'finished'`, run_started: 'true',
  };
  const columns = rows.map(({ name }) => name);
  await database.query('begin');
  // One trigger call a row would take minutes and write the same.
  await database.query('set local session_replication_role = replica');
  await database.query(`insert into workloads (${columns.join(', ')}) select ${columns.map((name) => own[name] ?? `w.${name}`).join(', ')} from workloads w, generate_series(1, ${count}) n where w.id = $1`, [templateId]);
  await database.query(`
    insert into workload_directory (workload_id, org_id, state, zone, node_id, segment, gpus, power_w, shed_behaviour, deadline, not_before, reason, run_started, created_at)
    select id, org_id, state, zone, node_id, segment, gpus, power_w, coalesce(spec ->> 'shed_behaviour', 'move_or_pause'), deadline, not_before, reason, run_started, created_at from workloads where org_id = $1
    on conflict do nothing`, [orgId]);
  await database.query('commit');
  await database.query('vacuum analyze workloads');
  await database.query('vacuum analyze workload_directory');
}
