import { z } from 'zod';
import { ALERT_KINDS, type AlertKind } from '#platform/alerts/kinds';
import { listQuery } from '../http/pages.ts';

export const ListAlerts = listQuery({
  state: z.enum(['firing', 'acknowledged', 'resolved']).optional(),
  severity: z.enum(['info', 'warning', 'critical']).optional(),
  kind: z.enum(Object.keys(ALERT_KINDS) as [AlertKind, ...AlertKind[]]).optional(),
  zone: z.string().min(1).max(40).optional(),
}).meta({ id: 'ListAlerts' });
export type ListAlerts = z.output<typeof ListAlerts>;
