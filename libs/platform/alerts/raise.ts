import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';
import { append } from '#platform/stream/append';
import { ALERT_COLUMNS, severityOf, toApiAlert, type AlertRow } from './alert.ts';
import type { AlertKind } from './kinds.ts';

export interface NewAlert {
  readonly kind: AlertKind;
  readonly title: string;
  readonly body: string;
  readonly zone?: string | null;
  /** What it is about: a workload's or node's id, an event's id. */
  readonly subject?: string | null;
  /** One alert is open per organisation and key; the same fact again counts it up. */
  readonly dedupKey: string;
}

/**
 * Raises an alert of one organisation in the transaction of the fact it tells: no fact without its alert, no alert without
 * its fact. The transaction must be bound to `orgId`. Title and body are cut to what a row holds.
 */
export async function raiseAlert(em: SqlEntityManager, orgId: string, alert: NewAlert): Promise<void> {
  const [row] = await rows(em, sql<AlertRow>`
    insert into alerts (org_id, id, kind, severity, title, body, zone, subject, dedup_key)
    values (${orgId}, ${uuidv7()}, ${alert.kind}, ${severityOf(alert.kind)}, ${alert.title.slice(0, 120)}, ${alert.body.slice(0, 1_000)}, ${alert.zone ?? null}, ${alert.subject ?? null}, ${alert.dedupKey})
    on conflict (org_id, dedup_key) where state <> 'resolved' do update set count = alerts.count + 1
    returning ${ALERT_COLUMNS}`);
  await tell(em, row!);
}

/** Ends the open alert of this key, if there is one. */
export async function resolveAlert(em: SqlEntityManager, orgId: string, dedupKey: string): Promise<void> {
  const [row] = await rows(em, sql<AlertRow>`
    update alerts set state = 'resolved', resolved_at = clock_timestamp()
     where org_id = ${orgId} and dedup_key = ${dedupKey} and state <> 'resolved' returning ${ALERT_COLUMNS}`);
  if (row) await tell(em, row);
}

/** @returns the alert as it now is, or undefined where this organisation has none with this id; an acknowledged or resolved one stays as it is */
export async function acknowledgeAlert(em: SqlEntityManager, orgId: string, id: string): Promise<{ alert: AlertRow; changed: boolean } | undefined> {
  const [changed] = await rows(em, sql<AlertRow>`
    update alerts set state = 'acknowledged' where org_id = ${orgId} and id = ${id} and state = 'firing' returning ${ALERT_COLUMNS}`);
  if (changed) await tell(em, changed);
  const [alert] = changed ? [changed] : await rows(em, sql<AlertRow>`select ${ALERT_COLUMNS} from alerts where org_id = ${orgId} and id = ${id}`);
  return alert && { alert, changed: changed !== undefined };
}

/** W-89: every change of an alert is an event of its organisation's stream, committed with it. */
const tell = (em: SqlEntityManager, row: AlertRow) => append(em, row.org_id, 'alert', toApiAlert(row));
