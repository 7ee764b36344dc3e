import { namedPolicy, parsePolicy, type PolicyInForce, type PolicyName } from '#domain/routing/policy';
import type { WorkloadBudget } from '#domain/workload/budget';
import { Problem } from '#platform/errors/problem';
import { toLimits, type BudgetInput } from '#platform/workloads/limits';
import type { WorkloadConstraints, WorkloadSpec } from '#platform/workloads/spec';
import { invalidRequest } from '../http/strict-query.ts';
import type { CreateWorkload } from './workloads.schemas.ts';

/** What an order takes from its organisation where it says nothing itself. */
export interface OrderDefaults {
  readonly residency: 'EU' | 'UK' | 'US' | 'any';
  readonly policy: unknown;
  readonly nowMs: number;
}

export interface Order {
  readonly spec: WorkloadSpec;
  readonly policy: PolicyInForce;
  /** Null: no limit of its own. */
  readonly limits: WorkloadBudget | null;
  readonly onExhausted: 'pause' | 'stop';
}

const LATEST_DEADLINE_MS = 30 * 24 * 3_600_000;

/**
 * The body as it is stored: defaults of the organisation filled in, times in UTC, decimals as texts.
 * @throws Problem bad-weights, bad-schedule; invalid-request for a deadline beyond 30 days, which only a clock can tell
 */
export function toOrder(body: CreateWorkload, { residency, policy, nowMs }: OrderDefaults): Order {
  const { kind, program = null, resources, work, checkpoint, shed_behaviour, retries, verify } = body;
  return {
    spec: {
      kind, program: program && present(program), resources: present(resources), work, checkpoint, schedule: toSchedule(body.schedule, nowMs),
      constraints: toConstraints(body.constraints, residency), shed_behaviour, retries, verify,
    },
    policy: body.policy === undefined ? policyOfOrganisation(policy) : policyOf(body.policy),
    limits: body.budget ? toLimits(texts(body.budget)) : null,
    onExhausted: body.budget?.on_exhausted ?? 'pause',
  };
}

function toSchedule({ not_before, deadline, ...rest }: CreateWorkload['schedule'], nowMs: number): WorkloadSpec['schedule'] {
  const [begin, end] = [not_before, deadline].map((text) => (text === undefined ? undefined : Date.parse(text)));
  if (end !== undefined && end > nowMs + LATEST_DEADLINE_MS)
    throw invalidRequest([{ pointer: '/schedule/deadline', code: 'too-big', detail: 'A deadline may lie at most 30 days ahead.' }]);
  if (begin !== undefined && end !== undefined && begin >= end) throw new Problem('bad-schedule', 'schedule.not_before lies at or after schedule.deadline; give the work time between them.');
  const utc = (ms: number) => new Date(ms).toISOString();
  return { ...rest, ...(begin !== undefined && { not_before: utc(begin) }), ...(end !== undefined && { deadline: utc(end) }) };
}

function toConstraints({ residency, min_trust, max_micro_usd_per_gpu_hour, max_price_usd_per_mwh, max_intensity_g_per_kwh, ...lists }: CreateWorkload['constraints'], otherwise: OrderDefaults['residency']): WorkloadConstraints {
  return { ...present(lists), ...texts({ min_trust, max_micro_usd_per_gpu_hour, max_price_usd_per_mwh, max_intensity_g_per_kwh }), residency: residency ?? otherwise };
}

function policyOf(given: NonNullable<CreateWorkload['policy']>): PolicyInForce {
  const parsed = parsePolicy(given);
  if ('error' in parsed) throw new Problem('bad-weights', `The weights of the policy do not fit: ${parsed.detail}.`, { pointer: '/policy' });
  return parsed.policy;
}

/** An organisation's policy is a name, or a whole version with its own values. */
function policyOfOrganisation(stored: unknown): PolicyInForce {
  const policy = stored as Partial<PolicyInForce> & { readonly name: PolicyInForce['name'] };
  if (policy.weights) return policy as PolicyInForce;
  return namedPolicy(policy.name as PolicyName, policy);
}

/** Decimals come as JSON text or number; the shortest text of a number is what was written. */
export const texts = <Given extends object>(given: Given): BudgetInput & Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== undefined && value !== null && name !== 'on_exhausted').map(([name, value]) => [name, String(value)]));

/** Without the members that are absent: the stored order names only what was said. */
const present = <T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
