import { sql } from 'kysely';
import { ALERT_COLUMNS, type AlertRow } from '#platform/alerts/alert';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { Position } from '../http/pages.ts';
import type { ListAlerts } from './alerts.schemas.ts';

/** Newest first by (opened_at, id); row-level security narrows it to the caller's organisation. */
export const listAlerts = (em: SqlEntityManager, { state, severity, kind, zone }: ListAlerts, after: Position | undefined, take: number): Promise<AlertRow[]> => {
  const wanted = [
    state !== undefined && sql`state = ${state}`,
    severity !== undefined && sql`severity = ${severity}`,
    kind !== undefined && sql`kind = ${kind}`,
    zone !== undefined && sql`zone = ${zone}`,
    after && sql`(opened_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`,
  ].filter((condition) => condition !== false && condition !== undefined);
  return rows(em, sql<AlertRow>`select ${ALERT_COLUMNS} from alerts where ${wanted.length > 0 ? sql.join(wanted, sql` and `) : sql`true`} order by opened_at desc, id desc limit ${take}`);
};
