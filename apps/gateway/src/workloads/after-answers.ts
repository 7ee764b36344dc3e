/** Of work that comes together, so many at the same time. */
const LANES = 2;
/** So many answers under way are a burst; fewer leave room. */
const BURST = 4;
/** As long as a burst lasts, but no longer: it may never end. */
const LONGEST_WAIT_MS = 250;

/** What is promised by an answer and done after it: while many others wait for theirs, it does not take the processors from them. */
export class AfterAnswers {
  readonly #lanes = Array.from({ length: LANES }, () => Promise.resolve());
  readonly #waiting = new Set<() => void>();
  #underWay = 0;
  #promised = 0;

  async answer<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay < BURST) for (const go of this.#waiting) go();
    }
  }

  /** In the order of calls within a lane. @param work handles its own errors: one that rejects would stop its lane */
  later(work: () => Promise<void>): void {
    const latest = performance.now() + LONGEST_WAIT_MS;
    const lane = this.#promised++ % LANES;
    this.#lanes[lane] = this.#lanes[lane]!.then(() => this.#quiet(latest)).then(work);
  }

  /** All that was promised is done. */
  async done(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  async #quiet(latest: number): Promise<void> {
    const left = latest - performance.now();
    if (this.#underWay < BURST || left <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, left);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }
}
