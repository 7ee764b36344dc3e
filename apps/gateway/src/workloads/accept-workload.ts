import { reservationFor, LEDGER_NAMES } from '#domain/workload/budget';
import type { SqlEntityManager } from '#platform/db/in-org';
import { reserveBudgets, type RefusedBudget } from '#platform/budgets/reserve';
import { Problem } from '#platform/errors/problem';
import { uuidv7 } from '#platform/ids/uuidv7';
import { append } from '#platform/stream/append';
import { toAsk } from '#platform/workloads/ask';
import { toApiWorkload, type ApiWorkload } from '#platform/workloads/to-api';
import { auditAllowed } from '../identity/audit.ts';
import type { Principal } from '../identity/caller.ts';
import { readFleet, type FleetReading } from './fleet-reading.ts';
import { toOrder, type Order } from './to-order.ts';
import { type ReadyInput, weighOrder } from './weigh-order.ts';
import type { CreateWorkload } from './workloads.schemas.ts';
import { insertWorkload, orderingOrganisation } from './workloads.sql.ts';

export interface OrderPace {
  readonly intervalMs: number;
  readonly nodeSecondsPerSecond: number;
}

/** What an order is weighed against. */
export interface Against {
  readonly fleet: FleetReading;
  readonly pace: OrderPace;
}

export interface WeighedOrder extends Order {
  readonly id: string;
  readonly input: ReadyInput;
  readonly needed: ReturnType<typeof weighOrder>;
}

/** The order with what it is expected to take, or the refusal of what could never run. Reads only. */
export async function weigh(em: SqlEntityManager, body: CreateWorkload, { fleet, pace }: Against): Promise<WeighedOrder> {
  const org = await orderingOrganisation(em);
  const nowMs = Number(org.now_ms);
  const order = toOrder(body, { residency: org.residency, policy: org.policy, nowMs });
  const id = uuidv7();
  const ask = toAsk(order.spec, {
    workloadId: id, orgId: org.org_id, homeZone: org.home_zone, policy: order.policy, remainingUnits: order.spec.work.h100_seconds, restores: false, movesUsed: 0, current: null,
  });
  const { nodes, zones, ready } = order.policy.basis === fleet.basis ? fleet : await readFleet(em, order.policy.basis);
  const input: ReadyInput = { id, codeVersion: '', trigger: 'created', time: { nowMs, ...pace }, nodes, zones, ask, ready };
  return { ...order, id, input, needed: weighOrder(input, order.limits, { intensityMgPerKwh: BigInt(org.worst_intensity) }) };
}

/**
 * Accepts an order in the caller's transaction: its estimate × 1.25 taken from every budget (W-94), the row, what the stream tells
 * and the audit event, all or nothing. Its run is started after the commit.
 */
export async function acceptWorkload(em: SqlEntityManager, caller: Principal, body: CreateWorkload, against: Against & { readonly correlationId: string }): Promise<ApiWorkload> {
  const { id, spec, policy, limits, onExhausted, needed } = await weigh(em, body, against);
  const row = await insertWorkload(em, { id, name: body.name, labels: body.labels, spec, policy, limits, onExhausted, correlationId: against.correlationId });
  await append(em, caller.orgId, 'workload.state', { workload_id: id, state: 'accepted', reason: null }, id);
  // From here on the organisation's other orders wait for this commit.
  const { refusals: [refused, ...others], reserved } = await reserveBudgets(em, id, reservationFor(needed));
  if (refused) throw budgetExceeded(refused, others);
  await auditAllowed(em, caller, { action: 'workload.create', permission: 'workload.create', target: { type: 'workload', id } });
  // As it would be read, without reading it: it stands on no node and nothing was decided for it.
  return toApiWorkload({ ...row, node: null, hardware: null, reserved, last_decision: null }, new Map());
}

/** P-81's `budget`, with P-78's names. */
function budgetExceeded(first: RefusedBudget, others: readonly RefusedBudget[]): Problem {
  const shown = ({ id, name, unit, limit, used, reserved, needed }: RefusedBudget) => {
    const figures = { limit, used, reserved, needed, remaining: limit - used - reserved };
    const named = Object.entries(figures).map(([figure, amount]) => [`${figure}_${LEDGER_NAMES[unit]}`, amount.toString()]);
    return { id, name, scope: 'org', unit, ...Object.fromEntries(named) };
  };
  return new Problem('budget-exceeded', `The budget "${first.name}" has no room for this work; raise it, wait for running work to end, or order less.`, {
    budget: { ...shown(first), others: others.map(shown) },
  });
}
