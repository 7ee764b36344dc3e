import { z } from 'zod';
import { line } from '../workloads/fields.ts';
import { KINDS } from '../workloads/workloads.schemas.ts';

const zone = line(40);
const intervals = z.int().min(1).max(48);
const uuid = z.uuid();

/** W-133's table: bodies of the demo controls. */
export const GridCycle = z.strictObject({ steps: intervals.default(1), zones: z.array(zone).min(1).max(100).optional() }).meta({ id: 'GridCycle' });
export type GridCycle = z.output<typeof GridCycle>;

export const DemoWorkload = z
  .strictObject({ name: line(120).optional(), kind: z.enum(KINDS).optional(), org: line(64).default('aurora-labs'), seed: z.int().min(0).max(4_294_967_295).optional() })
  .meta({ id: 'DemoWorkload' });
export type DemoWorkload = z.output<typeof DemoWorkload>;

export const TriggerReroute = z.strictObject({ workload_id: uuid.optional(), intervals: intervals.default(3) }).meta({ id: 'TriggerReroute' });
export type TriggerReroute = z.output<typeof TriggerReroute>;

export const TriggerCurtailment = z
  .strictObject({
    zone: zone.default('FR'),
    kind: z.enum(['absorb', 'shed']).default('absorb'),
    duration_s: z.int().min(60).max(86_400).default(300),
    target_percent: z.number().min(1).max(100).optional(),
  })
  .refine(({ kind, target_percent }) => kind === 'shed' || target_percent === undefined, { path: ['target_percent'], message: 'is for kind shed only' })
  .meta({ id: 'TriggerCurtailment' });
export type TriggerCurtailment = z.output<typeof TriggerCurtailment>;

export const CompleteWorkloads = z.strictObject({ ids: z.array(uuid).min(1).max(500).optional() }).meta({ id: 'CompleteWorkloads' });
export type CompleteWorkloads = z.output<typeof CompleteWorkloads>;
