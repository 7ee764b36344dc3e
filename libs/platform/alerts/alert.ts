import { sql } from 'kysely';
import { ALERT_KINDS, type AlertKind, type Severity } from './kinds.ts';

/** The columns of an alert, as `toApiAlert` needs them. */
export interface AlertRow {
  readonly org_id: string;
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly title: string;
  readonly body: string;
  readonly zone: string | null;
  readonly subject: string | null;
  readonly dedup_key: string;
  readonly state: 'firing' | 'acknowledged' | 'resolved';
  readonly count: number;
  readonly opened_at: string;
  readonly resolved_at: string | null;
}

export const ALERT_COLUMNS = sql`org_id, id, kind, severity, title, body, zone, subject, dedup_key, state, count, opened_at, resolved_at`;

/** W-111: an alert as its GET, its stream event and its webhook show it. */
export const toApiAlert = (row: AlertRow) => ({
  ...row,
  opened_at: new Date(row.opened_at).toISOString(),
  resolved_at: row.resolved_at === null ? null : new Date(row.resolved_at).toISOString(),
  deliveries: [],
});

export const severityOf = (kind: AlertKind): Severity => ALERT_KINDS[kind];
