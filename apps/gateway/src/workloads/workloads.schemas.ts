import { z } from 'zod';
import { WORKLOAD_STATES } from '#domain/workload/states';
import { listQuery } from '../http/pages.ts';
import { decimal, instant, line, looksSecret, uri, words } from './fields.ts';

const flag = (otherwise: boolean) => z.boolean().default(otherwise);
export const KINDS = ['fine_tune', 'training', 'batch_inference', 'embedding', 'evaluation', 'render', 'custom'] as const;
const zoneKey = line(40);

const env = z.record(line(128), words(4_096)).superRefine((pairs, context) => {
  if (Object.keys(pairs).length > 64) context.addIssue({ code: 'too_big', origin: 'object', maximum: 64, inclusive: true, input: pairs, message: 'at most 64 variables' });
  for (const [name, value] of Object.entries(pairs))
    if (looksSecret(name, value)) context.addIssue({ code: 'custom', path: [name], message: 'looks like a credential; store it and name it in secret_refs' });
});

const program = z.strictObject({
  image: line(255),
  command: z.array(words(1_024)).max(64).optional(),
  env: env.optional(),
  secret_refs: z.array(line(255)).max(16).optional(),
  input_uri: uri.optional(),
  output_uri: uri.optional(),
});

const constraints = z.strictObject({
  zones: z.array(zoneKey).min(1).max(100).optional(),
  exclude_zones: z.array(zoneKey).max(100).optional(),
  residency: z.enum(['EU', 'UK', 'US', 'any']).optional().describe('default: the organisation’s'),
  owner_kinds: z.array(z.enum(['owner_datacenter', 'owner_gamer'])).min(1).max(2).optional(),
  max_micro_usd_per_gpu_hour: decimal(0, { least: 0n, most: 10n ** 12n }).optional(),
  max_price_usd_per_mwh: decimal(6, { least: -(10n ** 10n), most: 2n * 10n ** 10n }).optional(),
  max_intensity_g_per_kwh: decimal(3, { least: -500_000n, most: 2_000_000n }).optional(),
  min_trust: decimal(3, { least: 0n, most: 1_000n }).optional(),
});

/** 10³⁰ of the ledger's integers: beyond any budget, within the database's 38 digits. */
const MOST = 10n ** 30n;
const amounts = {
  usd: decimal(6, { least: 1n, most: MOST }).optional(),
  kwh: decimal(8, { least: 1n, most: MOST }).optional(),
  co2e_g: decimal(9, { least: 1n, most: MOST }).optional(),
};
const onExhausted = z.enum(['pause', 'stop']);

const labels = z.record(line(63), line(255, 0)).refine((pairs) => Object.keys(pairs).length <= 32, 'at most 32 labels');

/** `custom` weights are judged after the schema: their sum and decimals are a meaning, 422 (W-58). */
const policy = z.union([z.enum(['balanced', 'carbon', 'cost']), z.strictObject({ w_c: z.number(), w_p: z.number(), w_u: z.number() })]);

/** W-81, every limit of its table; all faults of a body are named at once (W-83). */
export const CreateWorkload = z
  .strictObject({
    name: line(120),
    kind: z.enum(KINDS),
    program: program.optional(),
    resources: z.strictObject({ gpu_model: line(64).optional(), gpu_count: z.int().min(1).max(8).default(1), gpu_memory_gb: z.int().min(1).max(192).default(16) }).prefault({}),
    work: z.strictObject({ h100_seconds: z.int().min(1).max(31_536_000) }),
    checkpoint: z.strictObject({ supported: flag(true), size_gb: z.number().min(0).max(2_000).default(20), interval_s: z.int().min(30).max(3_600).default(300) }).prefault({}),
    schedule: z.strictObject({ not_before: instant.optional(), deadline: instant.optional(), hard_deadline: flag(false), flexible: flag(true) }).prefault({}),
    constraints: constraints.prefault({}),
    policy: policy.optional().describe('default: the organisation’s'),
    shed_behaviour: z.enum(['move_or_pause', 'move', 'pause', 'continue']).default('move_or_pause'),
    budget: z.strictObject({ ...amounts, on_exhausted: onExhausted.default('pause') }).optional(),
    retries: z.int().min(0).max(5).default(1),
    labels: labels.default({}),
    verify: flag(false),
  })
  .meta({ id: 'CreateWorkload' });
export type CreateWorkload = z.output<typeof CreateWorkload>;

/** A merge (RFC 7396): what is absent stays, null removes. */
export const AmendWorkload = z
  .strictObject({
    budget: z.strictObject({ usd: amounts.usd.nullable(), kwh: amounts.kwh.nullable(), co2e_g: amounts.co2e_g.nullable(), on_exhausted: onExhausted.optional() }).optional(),
    labels: z.record(line(63), line(255, 0).nullable()).refine((pairs) => Object.keys(pairs).length <= 32, 'at most 32 labels').optional(),
  })
  .meta({ id: 'AmendWorkload' });
export type AmendWorkload = z.output<typeof AmendWorkload>;

export const CancelWorkload = z.strictObject({ reason: line(500, 0).optional() }).meta({ id: 'CancelWorkload' });
export type CancelWorkload = z.output<typeof CancelWorkload>;
/** For commands that say all by their address. */
export const NoMembers = z.strictObject({}).meta({ id: 'NoMembers' });
export const RerouteWorkload = z.strictObject({ mode: z.enum(['force', 'evaluate']).default('force'), target_node: line(64).optional() }).meta({ id: 'RerouteWorkload' });
export type RerouteWorkload = z.output<typeof RerouteWorkload>;

/** W-85. `label` is `key:value` or a key alone. */
export const ListWorkloads = listQuery({
  state: z.enum(WORKLOAD_STATES).optional(),
  kind: z.enum(KINDS).optional(),
  zone: zoneKey.optional(),
  node: line(64).optional(),
  label: line(320).optional(),
  created_after: instant.optional(),
  created_before: instant.optional(),
});
export type ListWorkloads = z.output<typeof ListWorkloads>;

export const ListOnly = listQuery({});
export type ListOnly = z.output<typeof ListOnly>;
