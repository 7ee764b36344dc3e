import { DETECTED_KINDS, EVENT_RULES, type DetectedKind, type GridEventKind, type Reading } from './event-rules.ts';

/** Where one kind stands in one zone. Plain data: it is stored with the zone between intervals. */
type Standing =
  | { readonly phase: 'idle' }
  /** Seen, not yet confirmed; `count` intervals running so far. */
  | { readonly phase: 'noticed'; readonly start: number; readonly count: number; readonly countedAt: number; readonly clauses: readonly string[] }
  /** `count` intervals running in which it could have closed. */
  | { readonly phase: 'open'; readonly start: number; readonly count: number; readonly countedAt: number; readonly clauses: readonly string[] };

export type DetectorState = Readonly<Partial<Record<DetectedKind, Standing>>>;

export interface GridChange {
  readonly kind: DetectedKind;
  /** `noticed` waits for W-53's count; `faded` never reached it. */
  readonly change: 'noticed' | 'opened' | 'faded' | 'closed';
  /** The first interval's start: the event's id is made of it. */
  readonly start: number;
  readonly clauses: readonly string[];
}

export interface DetectOptions {
  /** Intervals running that open or close: 2 where the source's step is ≤ 15 min, else 1 (W-53). */
  readonly confirmations: number;
  /** An open `shed` closes and keeps away `absorb`. */
  readonly shedOpen: boolean;
  /** Kinds that somebody called; their end is the call's, so nothing is detected beside them. */
  readonly called: ReadonlySet<GridEventKind>;
}

const QUARTER_S = 900;
export const confirmationsFor = (sourceStepS: number): number => (sourceStepS <= QUARTER_S ? 2 : 1);

const IDLE: Standing = { phase: 'idle' };

/**
 * W-53: one interval's reading against what was known before it. The same interval may be read again (a revision, an
 * override): it never counts twice towards a confirmation. Hysteresis lies in the rules: the closing edge is away from the opening one.
 */
export function detect(state: DetectorState, reading: Reading, options: DetectOptions): { state: DetectorState; changes: GridChange[] } {
  const changes: GridChange[] = [];
  const next: Partial<Record<DetectedKind, Standing>> = {};
  for (const kind of DETECTED_KINDS) {
    const before = state[kind] ?? IDLE;
    next[kind] = options.called.has(kind) ? before : step(kind, before, reading, options, (change) => changes.push(change));
  }
  return { state: next, changes };
}

function step(kind: DetectedKind, standing: Standing, reading: Reading, { confirmations, shedOpen }: DetectOptions, tell: (change: GridChange) => void): Standing {
  const at = reading.intervalStart;
  if (standing.phase === 'open') {
    const { start, clauses } = standing;
    const over = kind === 'absorb' && shedOpen;
    if (!over && !EVENT_RULES[kind].closes(reading, clauses)) return { ...standing, count: 0 };
    const count = counted(standing, at);
    if (!over && count < confirmations) return { ...standing, count, countedAt: at };
    tell({ kind, change: 'closed', start, clauses });
    return IDLE;
  }
  const clauses = kind === 'absorb' && shedOpen ? [] : EVENT_RULES[kind].opening(reading);
  if (clauses.length === 0) {
    if (standing.phase === 'noticed') tell({ kind, change: 'faded', start: standing.start, clauses: standing.clauses });
    return IDLE;
  }
  const start = standing.phase === 'noticed' ? standing.start : at;
  const count = standing.phase === 'noticed' ? counted(standing, at) : 1;
  if (count >= confirmations) {
    tell({ kind, change: 'opened', start, clauses });
    return { phase: 'open', start, count: 0, countedAt: at, clauses };
  }
  if (standing.phase === 'idle') tell({ kind, change: 'noticed', start, clauses });
  return { phase: 'noticed', start, count, countedAt: at, clauses };
}

const counted = ({ count, countedAt }: { count: number; countedAt: number }, at: number) => (countedAt === at && count > 0 ? count : count + 1);

/** W-54: `carbon-spike-20260115T120000Z`; the same start is the same event. */
export const gridEventId = (kind: GridEventKind, startMs: number): string => `${kind}-${new Date(startMs).toISOString().replace(/[-:]|\.\d{3}/g, '')}`;

/** W-54: what an event rests on, frozen when it opens. `rows` are the sha256 of the signal rows that were read. */
export function evidenceOf(reading: Reading, clauses: readonly string[], rows: readonly string[]) {
  const text = (value: bigint | null) => value?.toString() ?? null;
  return {
    clauses,
    interval_start: new Date(reading.intervalStart).toISOString(),
    source_time: new Date(reading.sourceTime).toISOString(),
    values: {
      intensity_mg_per_kwh: text(reading.intensity),
      price_micro_usd_per_mwh: text(reading.price),
      renewables_kw: text(reading.renewables),
      demand_kw: text(reading.demand),
      curtailed_kw: text(reading.curtailed),
    },
    means: { intensity_mg_per_kwh: text(reading.meanIntensity), price_micro_usd_per_mwh: text(reading.meanPrice), days: 7 },
    rows,
  };
}
