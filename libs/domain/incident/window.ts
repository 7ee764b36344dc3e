/** A decided workload without an answer, in the order in which they are told. */
export interface Asked {
  readonly workloadId: string;
  readonly signalledAtMs: number | null;
  readonly askedAgainAtMs: number | null;
}

export interface WindowStep {
  readonly tell: readonly string[];
  readonly askAgain: readonly string[];
  readonly giveUp: readonly string[];
}

/**
 * W-103's sliding window: at most `windowSize` signalled and unanswered; who is silent for `askAgainMs` is asked once more and
 * after as long again counts as `no_answer`, which makes room. So no step sends more than `windowSize` signals.
 */
export function windowStep(asked: readonly Asked[], nowMs: number, { windowSize, askAgainMs }: { windowSize: number; askAgainMs: number }): WindowStep {
  const silent = (sinceMs: number | null) => sinceMs !== null && nowMs - sinceMs >= askAgainMs;
  const signalled = asked.filter(({ signalledAtMs }) => signalledAtMs !== null);
  const giveUp = signalled.filter(({ askedAgainAtMs }) => silent(askedAgainAtMs));
  const askAgain = signalled.filter(({ signalledAtMs, askedAgainAtMs }) => askedAgainAtMs === null && silent(signalledAtMs));
  const room = Math.max(0, windowSize - (signalled.length - giveUp.length));
  const tell = asked.filter(({ signalledAtMs }) => signalledAtMs === null).slice(0, room);
  return { tell: ids(tell), askAgain: ids(askAgain), giveUp: ids(giveUp) };
}

const ids = (list: readonly Asked[]): string[] => list.map(({ workloadId }) => workloadId);
