import type { ForecastRow } from '#domain/grid/forecast';
import type { SignalKind, SignalQuality, SignalValue } from '#domain/grid/signal';

export interface SourceRequest {
  readonly zone: string;
  readonly kinds: ReadonlySet<SignalKind>;
  /** Milliseconds since 1970; `sourceTime` is what a simulated or replayed source goes by, others go by the interval itself. */
  readonly interval: { readonly start: number; readonly lengthS: number; readonly sourceTime: number };
  /** The source time of the zone's present: a past interval may be known better than it was. */
  readonly present: number;
}

/** What a source says of one series. Which interval and zone it speaks of is part of what it says, and is checked. */
export interface Statement extends SignalValue {
  readonly zone: string;
  readonly intervalStart: number;
  readonly lengthS: number;
  readonly sourceTime: number;
  readonly sourceRef: string;
  readonly quality: SignalQuality;
}

/** W-37. `unreachable` is a source that failed without an answer. */
export type RefusalCode = 'timeout' | `http_${number}` | 'unreachable' | 'wrong_interval' | 'wrong_zone' | 'out_of_bounds' | 'no_data' | 'quota';

export class Refusal {
  constructor(
    readonly code: RefusalCode,
    readonly detail: string,
  ) {}
}

/** Where signals come from. It answers with rows, possibly of fewer kinds than asked, or says why it does not; it never makes up a 0. */
export interface GridSource {
  readonly name: string;
  fetch(request: SourceRequest, abort: AbortSignal): Promise<readonly Statement[] | Refusal>;
  /** The hours after `sourceTime`; a source without it is forecast from its own last seven days (W-71). */
  forecast?(zone: string, sourceTime: number, abort: AbortSignal): Promise<readonly ForecastRow[] | Refusal>;
}
