/** What a workload did about an event (W-104). `no_answer` is written for it; a real answer that comes later replaces it. */
export const ANSWERS = ['moved', 'paused', 'kept', 'started', 'finished', 'refused', 'no_answer'] as const;
export type Answer = (typeof ANSWERS)[number];

/** How far an event's run is; every affected workload is in exactly one of the answers or in `unanswered`. */
export interface EventCounts {
  readonly affected: number;
  readonly decided: number;
  readonly signalled: number;
  readonly unanswered: number;
  readonly answers: Readonly<Partial<Record<Answer, number>>>;
}

export const NO_COUNTS: EventCounts = { affected: 0, decided: 0, signalled: 0, unanswered: 0, answers: {} };

/** W-104: Σ answers = affected, once it is RESOLVED. */
export const allAnswered = ({ affected, answers }: EventCounts): boolean => ANSWERS.reduce((sum, answer) => sum + (answers[answer] ?? 0), 0) === affected;

/** "3 moved, 2 paused", for people who watch the run. */
export const inWords = ({ affected, unanswered, answers }: EventCounts): string => {
  if (affected === 0) return 'Nobody is affected.';
  const told = ANSWERS.filter((answer) => answers[answer]).map((answer) => `${answers[answer]} ${answer.replace('_', ' ')}`);
  const open = unanswered > 0 ? [`${unanswered} still to answer`] : [];
  return `${affected} affected: ${[...told, ...open].join(', ')}.`;
};
