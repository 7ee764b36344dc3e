import { z } from 'zod';
import { BASES, SIGNAL_KINDS } from '#domain/grid/signal';
import { listQuery } from '../http/pages.ts';
import { decimal, instant, line } from '../workloads/fields.ts';

const zone = z.string().min(1).max(40);

export const ListZones = listQuery({});
export type ListZones = z.output<typeof ListZones>;

/** Rows of a zone; `from` and `to` are interval starts, `as_of` is what was known then (W-36). */
export const ListSignals = listQuery(
  { kind: z.enum(SIGNAL_KINDS as [string, ...string[]]).optional(), basis: z.enum(BASES as [string, ...string[]]).optional(), from: instant.optional(), to: instant.optional(), as_of: instant.optional() },
  { most: 2_000, usual: 500 },
);
export type ListSignals = z.output<typeof ListSignals>;

export const ReadForecast = z.strictObject({});

export const ListGridEvents = listQuery({
  zone: zone.optional(),
  kind: z.enum(['absorb', 'shed', 'carbon-spike', 'price-spike', 'stale-signal']).optional(),
  state: z.string().toUpperCase().pipe(z.enum(['MONITORING', 'ANOMALY_DETECTED', 'EVALUATING', 'ADAPTING', 'RESOLVED'])).optional(),
});
export type ListGridEvents = z.output<typeof ListGridEvents>;

const KILOWATTS = { least: 1n, most: 1_000_000_000n } as const;

export const CallEvent = z
  .strictObject({
    kind: z.enum(['shed', 'absorb']),
    start: instant.optional().describe('RFC 3339; absent: now; at most 24 h ahead'),
    duration_s: z.int().min(60).max(86_400),
    target_kw: decimal(3, KILOWATTS).optional().describe('kW to shed or absorb'),
    target_percent: z.number().min(1).max(100).optional().describe('of the zone\'s flexible load'),
    reason: line(500),
  })
  .refine(({ target_kw, target_percent }) => (target_kw === undefined) !== (target_percent === undefined), { path: ['target_percent'], message: 'send one of target_kw and target_percent' })
  .meta({ id: 'CallEvent' });
export type CallEvent = z.output<typeof CallEvent>;

export const CloseEvent = z.strictObject({ reason: line(500).optional() }).meta({ id: 'CloseEvent' });
export type CloseEvent = z.output<typeof CloseEvent>;
