/** W-52's table of events: what opens each kind, what closes it. Integers throughout, so an edge is an edge on every machine. */

export type GridEventKind = 'absorb' | 'shed' | 'carbon-spike' | 'price-spike' | 'stale-signal';
/** `shed` is called by somebody, never detected. */
export type DetectedKind = Exclude<GridEventKind, 'shed'>;
export const DETECTED_KINDS: readonly DetectedKind[] = ['absorb', 'carbon-spike', 'price-spike', 'stale-signal'];

/** What one interval says: mg/kWh, µUSD/MWh, kW. Null is unknown: it opens nothing. */
export interface Reading {
  readonly intervalStart: number;
  readonly sourceTime: number;
  readonly intensity: bigint | null;
  readonly price: bigint | null;
  readonly renewables: bigint | null;
  readonly demand: bigint | null;
  readonly curtailed: bigint | null;
  /** Installed wind and solar; 0 where nobody knows, which only narrows the last clause to the first. */
  readonly installed: bigint;
  /** Means of this hour over the last 7 days. */
  readonly meanIntensity: bigint | null;
  readonly meanPrice: bigint | null;
  /** Whether intensity and price both have a fresh row (W-41). */
  readonly fresh: boolean;
}

const USD = 1_000_000n;
const GRAM = 1_000n;

interface Rule {
  /** Names of the clauses that hold; any one opens. */
  readonly opening: (reading: Reading) => string[];
  readonly closes: (reading: Reading, openedBy: readonly string[]) => boolean;
}

export const EVENT_RULES: Readonly<Record<DetectedKind, Rule>> = {
  absorb: {
    opening: ({ renewables, demand, price, curtailed, installed }) => {
      const share = renewables !== null && demand !== null;
      return clauses({
        'renewables above 0.70 of demand': share && renewables * 10n > demand * 7n,
        'price at or below 0': price !== null && price <= 0n,
        'curtailment reported': curtailed !== null && curtailed > 0n,
        // WD-5. While demand is above 0 the first clause holds with it; it is evidence of how large the surplus is.
        'surplus above 10 % of installed wind and solar': share && (renewables * 10n - demand * 7n) > installed,
      });
    },
    // What is unknown does not keep an event open, unless it is what opened it.
    closes: ({ renewables, demand, price, curtailed }, openedBy) => {
      const share = renewables === null || demand === null ? null : renewables * 100n < demand * 65n;
      const surplusKnown = share !== null || !openedBy.some((clause) => clause.startsWith('renewables') || clause.startsWith('surplus'));
      const curtailmentKnown = curtailed !== null || !openedBy.includes('curtailment reported');
      return price !== null && price > 5n * USD && surplusKnown && share !== false && curtailmentKnown && (curtailed ?? 0n) === 0n;
    },
  },
  'carbon-spike': {
    opening: ({ intensity, meanIntensity: mean }) =>
      clauses({ 'intensity at least 1.30 of the mean and 50 g/kWh above it': intensity !== null && mean !== null && intensity * 100n >= mean * 130n && intensity - mean >= 50n * GRAM }),
    closes: ({ intensity, meanIntensity: mean }) => intensity !== null && mean !== null && intensity * 100n < mean * 115n,
  },
  'price-spike': {
    opening: ({ price, meanPrice }) => {
      const mean = atLeastZero(meanPrice);
      return clauses({ 'price at least 2.0 of the mean and 50 USD/MWh above it': price !== null && mean !== null && price >= 2n * mean && price - mean >= 50n * USD });
    },
    closes: ({ price, meanPrice }) => {
      const mean = atLeastZero(meanPrice);
      return price !== null && mean !== null && price * 2n < mean * 3n;
    },
  },
  'stale-signal': {
    opening: ({ fresh }) => clauses({ 'no fresh row of intensity or price': !fresh }),
    closes: ({ fresh }) => fresh,
  },
};

const clauses = (held: Readonly<Record<string, boolean>>): string[] => Object.keys(held).filter((clause) => held[clause]);

const atLeastZero = (mean: bigint | null): bigint | null => (mean !== null && mean < 0n ? 0n : mean);
