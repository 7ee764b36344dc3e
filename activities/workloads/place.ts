import canonicalize from 'canonicalize';
import { sql } from 'kysely';
import { place as decidePlace } from '#domain/routing/place';
import type { Decision, PlaceInput, RoutingInput } from '#domain/routing/contract';
import type { EndReason } from '#domain/workload/states';
import { raiseAlert } from '#platform/alerts/raise';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { TargetSegment } from '#workflows/workloads/workload.messages';
import { commitDecision, type Committed } from './decide.ts';
import type { Ref, WorkloadDeps } from './deps.ts';
import { loadFleet } from './fleet.ts';
import { writeState } from './life.sql.ts';
import { releaseExpired } from './reservations.sql.ts';
import { unstartedSegment } from './segments.sql.ts';
import { loadAsk, type Work } from './work.sql.ts';

export type Placement =
  | { readonly outcome: 'placed'; readonly target: TargetSegment; readonly decisionId: string | null }
  | { readonly outcome: 'waiting' | 'queued'; readonly decisionId: string | null; /** At the latest then; sooner, at the next interval, where that may change the answer. */ readonly wakeInMs: number; readonly eachInterval: boolean }
  | { readonly outcome: 'ended'; readonly reason: EndReason };

const SOON_MS = 1_000;

/** Chooses, reserves and stores in one transaction. Run again, it finds what the first run reserved. */
export const createPlace = ({ database, routing }: WorkloadDeps) =>
  async ({ orgId, workloadId, mayWait }: Ref & { readonly mayWait: boolean }): Promise<Placement> =>
    database.inSystem(async (em, actAs) => {
      await actAs(orgId);
      const work = await loadAsk(em, workloadId);
      const earlier = await unstartedSegment(em, workloadId);
      if (earlier) return { outcome: 'placed', target: earlier, decisionId: work.lastDecisionId };
      await releaseExpired(em);
      const fleet = await loadFleet(em, routing);
      const late = pastDeadline(work, fleet.time.nowMs);
      if (late) return { outcome: 'ended', reason: late };
      const committed = await commitDecision(em, fleet, work, (input) => decideFor(work, input, mayWait), {
        trigger: triggerOf(work, mayWait), resumes: work.state === 'paused', store: (decision) => isNews(work, decision),
      });
      return outcomeOf(em, work, committed, fleet.time.nowMs, routing.intervalMs);
    });

const pastDeadline = ({ segment, deadline, spec }: Work, nowMs: number): EndReason | null => {
  if (deadline === null || Date.parse(deadline) > nowMs) return null;
  if (segment === 0) return 'deadline_before_start';
  return spec.schedule.hard_deadline ? 'deadline_missed' : null;
};

function decideFor(work: Work, input: RoutingInput, mayWait: boolean): Decision {
  const again = work.segment > 0;
  const asked = !mayWait && (work.state === 'waiting' || work.state === 'queued');
  const wanted: PlaceInput = { ...input, kind: again ? 'replace' : asked ? 'request' : 'place', mayWait: mayWait && !again, waiting: work.state === 'waiting' };
  const decision = decidePlace(wanted);
  // A soft deadline that can no longer be met must not keep begun work from ending at all.
  const hopeless = decision.outcome.do === 'queue' && again && !work.spec.schedule.hard_deadline && decision.document.excluded.deadline !== undefined;
  if (!hopeless) return decision;
  const { deadlineMs: _passed, ...schedule } = input.ask.schedule;
  return decidePlace({ ...wanted, ask: { ...input.ask, schedule } });
}

const TRIGGERS: Readonly<Partial<Record<Work['state'], string>>> = { accepted: 'created', paused: 'resumed', placing: 'displaced' };
const triggerOf = ({ state }: Work, mayWait: boolean): string => TRIGGERS[state] ?? (mayWait ? 'interval' : 'request');

/** Queued work looks again each interval: only a queue with other exclusions is a new decision. */
const isNews = (work: Work, { outcome, document }: Decision): boolean =>
  outcome.do !== 'queue' || work.state !== 'queued' || canonicalize(work.exclusions) !== canonicalize(document.excluded);

async function outcomeOf(em: SqlEntityManager, work: Work, committed: Committed, nowMs: number, intervalMs: number): Promise<Placement> {
  const { orgId, workloadId } = work;
  const decisionId = committed.decisionId ?? work.lastDecisionId;
  const { document } = committed;
  if (committed.target) {
    if (document.carbon_unknown) await warnCarbonUnknown(em, work, document.winner?.zone ?? null);
    return { outcome: 'placed', target: committed.target, decisionId };
  }
  if (committed.outcome === 'wait') {
    const startsBy = document.starts_by!;
    if (work.state !== 'waiting') await writeState(em, { orgId, workloadId }, 'waiting', document.reason, sql`starts_by = ${startsBy}, exclusions = null, version = version + 1`);
    else await rows(em, sql`update workloads set starts_by = ${startsBy}, updated_at = clock_timestamp() where id = ${workloadId} and starts_by is distinct from ${startsBy}::timestamptz`);
    const until = Math.max(SOON_MS, Date.parse(startsBy) - nowMs);
    return { outcome: 'waiting', decisionId, wakeInMs: until, eachInterval: document.reason !== 'not_before' };
  }
  if (committed.outcome === 'queue') {
    const exclusions = JSON.stringify(document.excluded);
    if (work.state !== 'queued') await writeState(em, { orgId, workloadId }, 'queued', null, sql`exclusions = ${exclusions}::jsonb, starts_by = null, node_id = null, zone = null, version = version + 1`);
    else await rows(em, sql`update workloads set exclusions = ${exclusions}::jsonb, updated_at = clock_timestamp() where id = ${workloadId} and exclusions is distinct from ${exclusions}::jsonb`);
    return { outcome: 'queued', decisionId, wakeInMs: intervalMs, eachInterval: true };
  }
  return { outcome: 'queued', decisionId, wakeInMs: SOON_MS, eachInterval: true };
}

const warnCarbonUnknown = (em: SqlEntityManager, { orgId, workloadId }: Ref, zone: string | null) =>
  raiseAlert(em, orgId, {
    kind: 'workload.carbon_unknown', title: 'Work was placed without a grid signal', zone, subject: workloadId, dedupKey: `workload.carbon_unknown/${workloadId}`,
    body: 'No candidate had a signal, so price decided. Grams are counted when the zone\'s rows arrive; look at the zone\'s sources.',
  });
