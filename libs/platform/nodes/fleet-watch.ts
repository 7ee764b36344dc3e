import { sql } from 'kysely';
import { judgeNode, SILENT_AFTER_MS, type NodeFacts, type NodeState, type NodeVerdict } from '#domain/fleet/node-state';
import { rows, type Database } from '#platform/db/in-org';
import type { Logger } from '#platform/telemetry/logger';
import type { NodeAgents } from './node-agents.ts';
import { changeState, readFleet, recordHealth, rewardCleanDays, type WatchedNode } from './node-state.sql.ts';

const TICK_MS = 1_000;
const LOOKS_A_MINUTE = 60;
const ASK_SILENT_MS = 2_000;
const ASK_MS = 10_000;
/** Of pg_try_advisory_xact_lock: one process judges at a time; the others' tick finds it taken and does nothing. */
const LOCK = 7_233_543_301;

/** A node whose retirement was asked for is retired once its work has left it. */
const isLeft = ({ facts, isEmpty }: WatchedNode): boolean => facts.desired === 'stop' && isEmpty;
const RETIRED: NodeVerdict = { state: 'retired', cause: 'drained' };

export interface FleetWatchDeps {
  readonly database: Database;
  readonly agents: Pick<NodeAgents, 'health'>;
  /** After the commit, for every change of state whoever made it: wakes the workloads that are there. */
  readonly onChange: (nodeId: string, state: NodeState) => Promise<void>;
  readonly log: Logger;
}

/**
 * Looks at the fleet every second and applies the table before W-30. Heartbeats that nobody could have taken are not held
 * against the nodes: silence counts from this watch's own start at the earliest.
 */
export class FleetWatch {
  private readonly beganAt = performance.now();
  private readonly seen = new Map<string, NodeState>();
  private readonly asked = new Map<string, number>();
  private readonly asking = new Map<string, Promise<void>>();
  private looks = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly deps: FleetWatchDeps) {}

  start(): void {
    this.timer = setInterval(() => void (this.running ??= this.tick().finally(() => (this.running = undefined))), TICK_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
    await Promise.all(this.asking.values());
  }

  /** One look: ask whom to ask, judge, tell. Never throws: the next second looks again. */
  async tick(): Promise<void> {
    try {
      const fleet = await this.deps.database.inSystem((em) => readFleet(em));
      for (const node of fleet.filter((one) => this.isToBeAsked(one))) this.ask(node);
      const states = await this.judge();
      await this.tell(states);
    } catch (error) {
      this.deps.log.warn({ event: 'fleet.watch_failed', err: error }, 'the fleet could not be looked at; trying again in a second');
    }
  }

  private async judge(): Promise<ReadonlyMap<string, NodeState>> {
    return this.deps.database.inSystem(async (em, actAs) => {
      const [lock] = await rows(em, sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${LOCK}) as mine`);
      const fleet = await readFleet(em);
      const states = new Map(fleet.map(({ id, facts }) => [id, facts.state]));
      if (!lock!.mine) return states;
      if (this.looks++ % LOOKS_A_MINUTE === 0) await rewardCleanDays(em);
      for (const node of fleet) {
        const verdict = isLeft(node) ? RETIRED : judgeNode(this.fair(node.facts));
        if (verdict.state === node.facts.state || !(await changeState(em, actAs, node, node.facts.state, verdict))) continue;
        states.set(node.id, verdict.state);
        this.deps.log.info({ event: 'node.state', node_id: node.id, zone: node.zone, state: verdict.state, cause: verdict.cause }, `node ${node.slug} is ${verdict.state}`);
      }
      return states;
    });
  }

  /** An age is at most as old as this watch where it may be the system itself that was away. */
  private fair(facts: NodeFacts): NodeFacts {
    const watched = performance.now() - this.beganAt;
    const fairly = (age: number | null) => (age === null ? null : Math.min(age, watched));
    const heartbeatsInRow = (facts.heartbeatAgeMs ?? Infinity) > SILENT_AFTER_MS ? 0 : facts.heartbeatsInRow;
    return { ...facts, heartbeatsInRow, heartbeatAgeMs: fairly(facts.heartbeatAgeMs), answerAgeMs: fairly(facts.answerAgeMs), reportAgeMs: fairly(facts.reportAgeMs) };
  }

  /** Differences since the last look, so that a state set elsewhere (a strike, an operator) is told too. */
  private async tell(states: ReadonlyMap<string, NodeState>): Promise<void> {
    const changed = [...states].filter(([id, state]) => this.seen.get(id) !== state && (this.seen.has(id) || (state !== 'online' && state !== 'provisioning')));
    for (const [id, state] of states) this.seen.set(id, state);
    await Promise.all(changed.map(([id, state]) => this.deps.onChange(id, state).catch((error: unknown) => {
      this.seen.delete(id);
      this.deps.log.warn({ event: 'fleet.tell_failed', node_id: id, err: error }, 'workloads of a node could not be told; trying again');
    })));
  }

  private isToBeAsked({ id, facts }: WatchedNode): boolean {
    const urgent = facts.state === 'silent' || facts.answerAgeMs === null;
    return !this.asking.has(id) && performance.now() - (this.asked.get(id) ?? -Infinity) >= (urgent ? ASK_SILENT_MS : ASK_MS);
  }

  /** Not waited for: a node that hangs must not hold up the look at the others. */
  private ask({ id }: WatchedNode): void {
    this.asked.set(id, performance.now());
    const answer = this.deps.agents
      .health(id)
      .then(({ status, meter }) => this.deps.database.inSystem((em) => recordHealth(em, id, status, meter)))
      .then(() => undefined, () => undefined) // the client has told the failed call; the age of the last answer says the rest
      .finally(() => this.asking.delete(id));
    this.asking.set(id, answer);
  }
}
