import { formatDecimal, formatRounded, parseDecimal } from '#domain/quantities/decimal';
import type { CandidateDocument, DecisionDocument, SideDocument } from './document.ts';
import { reservedByOthers } from './estimate.ts';
import type { Amounts, Improvement } from './gain.ts';
import { impliedCarbonPriceMicroUsdPerTonne, type PolicyInForce } from './policy.ts';
import { compareTies, scoreE6, scoreParts } from './score.ts';
import { type Candidate, compareCandidates, priceOf, type Situation, stayOf } from './situation.ts';
import type { Decision, Outcome, RoutingInput } from './contract.ts';
import type { NodeOffer } from './types.ts';

const MAX_CANDIDATES = 100;
const MAX_BYTES = 65_536;

/** What came out, beside the situation it came out of. */
export interface Verdict {
  readonly kind: DecisionDocument['kind'];
  readonly outcome: Outcome;
  readonly reason: string;
  /** All candidates with their objectives; they are put in order here. */
  readonly ranked: readonly Candidate[];
  readonly winner: Candidate | null;
  readonly improvement?: Improvement;
  readonly gain?: { readonly net: Amounts; readonly cost: Amounts };
  /** Zone of each planned hour. */
  readonly plan?: readonly { readonly hour: number; readonly zone: string }[];
  readonly wait?: { readonly startsByMs: number; readonly bestStartMs: number; readonly saving: string | null };
}

/** W-76: what the caller does, and the document of it, which is written when it is read: most keeps are only counted (W-68). */
export function decision(situation: Situation, verdict: Verdict): Decision {
  let document: DecisionDocument | undefined;
  return {
    outcome: verdict.outcome, reason: verdict.reason, inputs: situation.input,
    get document() { return (document ??= withinSize(documentOf(situation, verdict))); },
  };
}

export const withInputsHash = (document: DecisionDocument, sha256: string): DecisionDocument => ({ ...document, inputs_sha256: sha256 });

function documentOf(situation: Situation, verdict: Verdict): DecisionDocument {
  const { input, current } = situation;
  const { ask } = input;
  const ranked = [...verdict.ranked].sort(compareCandidates(situation));
  const second = ranked.find(({ node }) => node.slug !== verdict.winner?.node.slug) ?? null;
  const reference = verdict.winner ?? ranked[0] ?? null;
  return {
    id: input.id, workload_id: ask.workloadId, org_id: ask.orgId,
    kind: verdict.kind, trigger: input.trigger, decided_at: iso(input.time.nowMs), policy: policyDocument(ask.policy, situation.objective.unit),
    remaining: { units: String(ask.remainingUnits), energy_mj: reference && String(stayOf(reference, input).energyMj) },
    candidates: ranked.slice(0, MAX_CANDIDATES).map((one) => candidateDocument(one, input)), candidates_total: ranked.length,
    excluded: situation.excluded, excluded_sample: situation.excludedSample,
    winner: verdict.winner && side(verdict.winner, input), runner_up: verdict.winner && second && side(second, input),
    ...baseline(situation, ranked),
    current: current && { ...side(current, input), score: e6(current.scoreE6) },
    improvement: verdict.improvement ? e6(verdict.improvement.improvementE6) : null, needed: verdict.improvement ? e6(verdict.improvement.neededE6) : null,
    net_gain: verdict.gain ? amounts(verdict.gain.net) : null, move_cost: verdict.gain ? amounts(verdict.gain.cost) : null,
    plan: verdict.plan ?? [],
    starts_by: verdict.wait ? iso(verdict.wait.startsByMs) : null, best_start: verdict.wait ? iso(verdict.wait.bestStartMs) : null, saving: verdict.wait?.saving ?? null,
    moves_used: ask.movesUsed, outcome: verdict.outcome.do, reason: verdict.reason,
    carbon_unknown: situation.carbonUnknown, shadow_of: input.shadowOf ?? null, code_version: input.codeVersion, inputs_sha256: '',
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const e6 = (value: bigint | number | null): string | null => (value === null ? null : sixPlaces(BigInt(value)));
/** Always 6 places, so that a score reads like a score: "0.307000" (W-59). */
const sixPlaces = (value: bigint): string => {
  const digits = (value < 0n ? -value : value).toString().padStart(7, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
};
const thousandths = (value: number): string => formatDecimal(BigInt(value), 3);
const amounts = ({ microUsd, ng }: Amounts) => ({ micro_usd: String(microUsd), ng: String(ng) });

function policyDocument(policy: PolicyInForce, unit: 'micro_usd' | 'ng'): DecisionDocument['policy'] {
  const { weights } = policy;
  const carbonPrice = impliedCarbonPriceMicroUsdPerTonne(weights);
  return {
    name: policy.name, version: policy.version, weights: { w_c: thousandths(weights.carbon), w_p: thousandths(weights.price), w_u: thousandths(weights.utilisation) },
    basis: policy.basis, threshold: thousandths(policy.thresholdE3), max_moves: policy.maxMoves, window: policy.comparisonWindowH,
    carbon_price_usd_per_tonne: carbonPrice === null ? null : formatDecimal(BigInt(carbonPrice), 6), objective_unit: unit,
  };
}

export function side(one: Candidate, input: RoutingInput): SideDocument {
  const { ng, totalMicroUsd } = stayOf(one, input);
  return { node: one.node.slug, zone: one.node.zone, expected_ng: ng === null ? null : String(ng), expected_micro_usd: String(totalMicroUsd) };
}

function candidateDocument(one: Candidate, input: RoutingInput): CandidateDocument {
  const { node, hours } = one;
  const { ask } = input;
  const reserved = reservedByOthers(node, ask);
  const signal = hours?.view.signal ?? null;
  const price = priceOf(one);
  const parts = hours && scoreParts(ask.policy.weights, { intensityMgPerKwh: hours.intensity.values[0]!, priceMicroUsdPerMwh: Number(price), reserved, gpus: node.gpus });
  const { ng, totalMicroUsd, endMs } = stayOf(one, input);
  return {
    node: node.slug, zone: node.zone, score: e6(one.scoreE6),
    parts: parts && { carbon: sixPlaces(parts.carbon), price: sixPlaces(parts.price), utilisation: sixPlaces(parts.utilisation) },
    intensity: signal && { value: formatDecimal(signal.intensityMgPerKwh, 3), unit: 'gCO2e/kWh' },
    price: price === null ? null : { value: formatRounded(price, 6, 3), unit: 'USD/MWh' },
    price_micro_usd_per_mwh: price === null ? null : String(price), reserved, gpus: node.gpus,
    utilisation: formatDecimal(BigInt(Math.round((reserved * 1_000_000) / node.gpus)), 6), trust: thousandths(node.trust),
    signal_refs: signal?.refs ?? [], quality: signal?.quality ?? null,
    objective: one.objective === null ? null : String(one.objective),
    expected_ng: ng === null ? null : String(ng), expected_micro_usd: String(totalMicroUsd), expected_end: iso(endMs),
  };
}

/** The home zone's best candidate, or what its first fitting hardware would have used; null with a reason where there is none. */
function baseline({ input, hoursOf, current }: Situation, ranked: readonly Candidate[]): Pick<DecisionDocument, 'baseline' | 'baseline_reason'> {
  const { ask, nodes } = input;
  const home = [...ranked, ...(current ? [current] : [])].find(({ node }) => node.zone === ask.homeZone);
  if (home) return { baseline: side(home, input), baseline_reason: null };
  const could = (node: NodeOffer) => node.zone === ask.homeZone && node.gpuMemoryGb >= ask.gpuMemoryGb && node.gpus >= ask.gpuCount
    && (ask.gpuModel === undefined || node.gpuModel === ask.gpuModel);
  const [node] = nodes.filter(could).sort((a, b) => (a.slug < b.slug ? -1 : 1));
  if (!node) return { baseline: null, baseline_reason: `no node in ${ask.homeZone} has these GPUs` };
  return { baseline: side({ node, hours: hoursOf(node.zone), site: null, scoreE6: null, objective: null }, input), baseline_reason: null };
}

/** ≤ 64 KiB (W-76): the worst candidates go first, their number stays. Texts are ASCII but for what callers put in, so bytes are counted. */
function withinSize(document: DecisionDocument): DecisionDocument {
  if (document.candidates.length < 40) return document;
  let kept = document.candidates.length;
  while (kept > 1 && jsonBytes({ ...document, candidates: document.candidates.slice(0, kept) }) > MAX_BYTES - 64) kept -= 5;
  return { ...document, candidates: document.candidates.slice(0, kept) };
}

const jsonBytes = (value: unknown): number => {
  const text = JSON.stringify(value);
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) bytes += text.charCodeAt(i) > 0x7ff ? 2 : text.charCodeAt(i) > 0x7f ? 1 : 0;
  return bytes;
};

/** What a stored decision says when it is computed again from itself (W-77). */
export interface Recomputed {
  /** Slugs of candidates whose stored score is not what their stored inputs give. */
  readonly wrongScores: readonly string[];
  /** Of a placement: the first of the stored candidates by objective, score and ties. */
  readonly first: string | null;
}

export function recompute(document: DecisionDocument): Recomputed {
  const weight = (text: string) => Number(parseDecimal(text, 3));
  const { w_c, w_p, w_u } = document.policy.weights;
  const weights = { carbon: weight(w_c), price: weight(w_p), utilisation: weight(w_u) };
  const scoreOf = (one: CandidateDocument) => (one.intensity === null || one.price_micro_usd_per_mwh === null ? null : scoreE6(weights, {
    intensityMgPerKwh: Number(parseDecimal(one.intensity.value, 3)), priceMicroUsdPerMwh: Number(one.price_micro_usd_per_mwh), reserved: one.reserved, gpus: one.gpus,
  }));
  const rows = document.candidates.map((one) => ({ one, score: scoreOf(one) }));
  const tie = ({ one }: (typeof rows)[number]) => ({ priceMicroUsdPerMwh: Number(one.price_micro_usd_per_mwh ?? 0), reserved: one.reserved, gpus: one.gpus, trust: weight(one.trust), slug: one.node });
  const [first] = document.carbon_unknown ? rows : [...rows].sort((a, b) =>
    Number(a.one.objective ?? 0) - Number(b.one.objective ?? 0) || (a.score ?? 0) - (b.score ?? 0) || compareTies(tie(a), tie(b)));
  return { wrongScores: rows.filter(({ one, score }) => e6(score) !== one.score).map(({ one }) => one.node), first: first?.one.node ?? null };
}
