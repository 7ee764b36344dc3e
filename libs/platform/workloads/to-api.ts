import { formatDecimal } from '#domain/quantities/decimal';
import { divideHalfEven } from '#domain/quantities/round';
import { impliedCarbonPriceMicroUsdPerTonne, type PolicyInForce } from '#domain/routing/policy';
import { BUDGET_UNITS, LEDGER_NAMES, type BudgetUnit } from '#domain/workload/budget';
import { isEnd } from '#domain/workload/states';
import type { WorkloadRow } from './row.ts';
import { toIso } from './time.ts';

/** Newest signal of the zone where the work stands, as W-1 shows it. */
export interface CurrentSignal {
  readonly zone: string;
  readonly intensity: { readonly value: string; readonly unit: 'gCO2e/kWh'; readonly quality: string } | null;
  readonly price: { readonly value: string; readonly unit: 'USD/MWh'; readonly quality: string } | null;
  readonly source: string;
  readonly source_time: string;
}

/** W-96. Unknown is null with its reason beside it, never 0. */
export function toApiWorkload(row: WorkloadRow, signals: ReadonlyMap<string, CurrentSignal>) {
  const figures = figuresOf(row);
  return {
    id: row.id, org_id: row.org_id, name: row.name, kind: row.kind, state: row.state, reason: row.reason,
    node: row.node, zone: row.zone, gpus: row.gpus, segment: row.segment, fence: row.fence,
    progress: { units_done: Number(row.units_done), units_total: Number(row.units_total), percent: percent(BigInt(row.units_done), BigInt(row.units_total)) },
    eta: toIso(row.eta), deadline: toIso(row.deadline), starts_by: row.state === 'waiting' ? toIso(row.starts_by) : null,
    exclusions: row.state === 'queued' ? (row.exclusions ?? {}) : null,
    policy: toApiPolicy(row.policy), moves_used: row.moves_used, max_moves: row.max_moves,
    ...figures,
    budget: budgetOf(row, figures),
    current_signal: (row.zone !== null && signals.get(row.zone)) || null,
    last_decision: row.last_decision, advice: null, hardware: row.hardware, labels: row.labels,
    created_at: toIso(row.created_at), updated_at: toIso(row.updated_at), receipt_id: null,
    links: linksOf(row.id),
  };
}

export type ApiWorkload = ReturnType<typeof toApiWorkload>;

/** Work that held a node and of which no report has come yet has used energy that nobody knows; work that never did has used none. */
const isMetered = (row: WorkloadRow): boolean => row.grade !== null || row.segment === 0 || isEnd(row.state);

function figuresOf(row: WorkloadRow) {
  const reason = isMetered(row) ? null : 'no_report_yet';
  const known = (amount: string) => (reason === null ? amount : null);
  const total = BigInt(row.compute_micro_usd) + BigInt(row.energy_micro_usd);
  const embodied = BigInt(row.embodied_ng);
  return {
    cost: { compute_micro_usd: row.compute_micro_usd, energy_micro_usd: known(row.energy_micro_usd), total_micro_usd: known(total.toString()), reason },
    energy: { energy_mj: known(row.energy_mj), facility_mj: known(row.facility_mj), grade: row.grade, reason },
    carbon: {
      operational_ng: known(row.operational_ng), embodied_ng: row.embodied_ng, basis: row.policy.basis, quality: row.signal_quality,
      // ± 40 % of W-9: only two of the hardware figures are published. Operational grams have no range of their own here.
      range: { embodied_low_ng: share(embodied, 6n), embodied_high_ng: share(embodied, 14n) }, reason,
    },
  };
}

function budgetOf(row: WorkloadRow, { cost, energy, carbon }: ReturnType<typeof figuresOf>) {
  const used: Record<BudgetUnit, string | null> = { usd: cost.total_micro_usd, kwh: energy.energy_mj, co2e_g: carbon.operational_ng };
  const units = BUDGET_UNITS.map((unit) => {
    const name = LEDGER_NAMES[unit];
    const forecast = forecastOf(row, used[unit]);
    return [unit, {
      [`limit_${name}`]: row.budget?.[name] ?? null, [`reserved_${name}`]: row.reserved?.[unit] ?? '0', [`used_${name}`]: used[unit], [`forecast_${name}`]: forecast,
      reason: used[unit] === null ? 'no_report_yet' : forecast === null ? 'no_progress_yet' : null,
    }];
  });
  return { ...Object.fromEntries(units), on_exhausted: row.on_exhausted };
}

/** What is used when the work is done, if the rest takes as much as what is done. */
function forecastOf(row: WorkloadRow, used: string | null): string | null {
  if (used === null) return null;
  if (isEnd(row.state)) return used;
  const done = BigInt(row.units_done);
  return done === 0n ? null : divideHalfEven(BigInt(used) * BigInt(row.units_total), done).toString();
}

/** W-58 and W-60: a policy never stands without what a tonne costs under it. */
export function toApiPolicy(policy: PolicyInForce) {
  const { weights } = policy;
  const carbonPrice = impliedCarbonPriceMicroUsdPerTonne(weights);
  const thousandths = (value: number) => formatDecimal(BigInt(value), 3);
  return {
    name: policy.name, version: policy.version,
    weights: { w_c: thousandths(weights.carbon), w_p: thousandths(weights.price), w_u: thousandths(weights.utilisation) },
    basis: policy.basis, reroute_threshold: thousandths(policy.thresholdE3), max_moves: policy.maxMoves, comparison_window_h: policy.comparisonWindowH,
    wait_min_saving: thousandths(policy.waitMinSavingE3),
    carbon_price_usd_per_tonne: carbonPrice === null ? null : formatDecimal(BigInt(carbonPrice), 6),
  };
}

export const workloadPath = (id: string): string => `/api/v1/workloads/${id}`;

function linksOf(id: string) {
  const self = workloadPath(id);
  return {
    self, segments: `${self}/segments`, energy: `${self}/energy`, decisions: `${self}/decisions`, events: `${self}/events`,
    events_history: `${self}/events/history`, result: `${self}/result`,
  };
}

/** Two places, down: 100 stands only where everything is done. */
const percent = (done: bigint, total: bigint): number => Number((done * 10_000n) / total) / 100;
const share = (amount: bigint, tenths: bigint): string => divideHalfEven(amount * tenths, 10n).toString();
