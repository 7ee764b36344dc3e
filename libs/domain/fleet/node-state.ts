export type NodeState = 'provisioning' | 'online' | 'degraded' | 'draining' | 'silent' | 'offline' | 'quarantined' | 'retired';

const SECOND = 1_000;
/** Numbers of the table before W-30. */
export const SILENT_AFTER_MS = 15 * SECOND;
export const OFFLINE_AFTER_MS = 60 * SECOND;
const BEATS_TO_COME_BACK = 3;
const FAILED_CALLS = 3;
const FAILED_CALLS_WITHIN_MS = 60 * SECOND;
const RESTLESS_CHANGES = 20;
const STRIKES_TO_QUARANTINE = 3;
const REPORTS_LATE_AFTER = 3;

/** What is known of a node at one moment; ages in ms, null where it never happened. */
export interface NodeFacts {
  readonly state: NodeState;
  readonly desired: 'serve' | 'drain' | 'stop';
  /** Since the last heartbeat that we could have heard. */
  readonly heartbeatAgeMs: number | null;
  readonly heartbeatsInRow: number;
  /** Since the node last answered us itself. */
  readonly answerAgeMs: number | null;
  readonly reportAgeMs: number | null;
  readonly reportMs: number;
  readonly health: 'ok' | 'degraded';
  readonly meter: 'ok' | 'no_reading';
  readonly availability: 'available' | 'owner_in_use' | 'draining';
  readonly failedCalls: number;
  readonly failedCallAgeMs: number | null;
  /** State changes in the last hour. */
  readonly changes: number;
  /** Strikes of the last 24 h (W-31). */
  readonly strikes: number;
}

export interface NodeVerdict {
  readonly state: NodeState;
  readonly cause: string;
}

const AWAY: ReadonlySet<NodeState> = new Set(['silent', 'offline']);

/** The state that the facts ask for. Quarantine is lifted, and retirement made, by people only. */
export function judgeNode(facts: NodeFacts): NodeVerdict {
  const { state, heartbeatAgeMs, answerAgeMs, reportAgeMs } = facts;
  const stays = (cause: string): NodeVerdict => ({ state, cause });
  if (state === 'retired' || state === 'quarantined') return stays(state);
  if (facts.strikes >= STRIKES_TO_QUARANTINE) return { state: 'quarantined', cause: 'strikes' };
  if (state === 'provisioning' && (heartbeatAgeMs === null || answerAgeMs === null || reportAgeMs === null)) return stays('registered');
  const away = judgeAway(facts);
  if (away) return away;
  if (AWAY.has(state) && facts.heartbeatsInRow < BEATS_TO_COME_BACK) return stays('coming_back');
  if (facts.desired !== 'serve') return { state: 'draining', cause: 'operator' };
  if (facts.availability !== 'available') return { state: 'draining', cause: facts.availability };
  const flaw = flawOf(facts);
  return flaw ? { state: 'degraded', cause: flaw } : { state: 'online', cause: AWAY.has(state) ? 'came_back' : 'healthy' };
}

function judgeAway({ state, heartbeatAgeMs, answerAgeMs }: NodeFacts): NodeVerdict | undefined {
  const silentFor = heartbeatAgeMs ?? Infinity;
  if (silentFor <= SILENT_AFTER_MS) return undefined;
  const unanswered = (answerAgeMs ?? Infinity) > SILENT_AFTER_MS;
  if (silentFor > OFFLINE_AFTER_MS && unanswered) return { state: 'offline', cause: 'no_answer' };
  return { state: state === 'offline' ? 'offline' : 'silent', cause: 'no_heartbeat' };
}

function flawOf({ health, meter, reportAgeMs, reportMs, failedCalls, failedCallAgeMs, changes }: NodeFacts): string | undefined {
  if (health === 'degraded') return 'health';
  if (meter === 'no_reading') return 'no_reading';
  if ((reportAgeMs ?? Infinity) > REPORTS_LATE_AFTER * reportMs) return 'late_reports';
  if (failedCalls >= FAILED_CALLS && (failedCallAgeMs ?? Infinity) <= FAILED_CALLS_WITHIN_MS) return 'failed_calls';
  return changes >= RESTLESS_CHANGES ? 'restless' : undefined;
}
