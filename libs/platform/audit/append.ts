import { createHash, randomBytes, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { sql } from 'kysely';
import type { AuditAction } from '#domain/audit/actions';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { uuidv7 } from '#platform/ids/uuidv7';

export interface AuditActor {
  readonly type: 'user' | 'service_account' | 'api_key' | 'oauth_client' | 'platform' | 'system';
  readonly id: string;
  readonly credential_id: string | null;
  readonly on_behalf_of: string | null;
}

export interface AuditEntry {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly target: { readonly type: string; readonly id: string };
  readonly outcome: 'allowed' | 'denied' | 'failed';
  readonly permission: string | null;
  readonly reason: string | null;
  /** Names of changed fields; values of secrets never stand here. */
  readonly changes: readonly string[];
  /** Of many equal refusals that stand in one event (P-63). */
  readonly count?: number;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly context?: { readonly ip: string | null; readonly userAgent: string | null };
}

/**
 * Appends to the chain of the transaction's organisation: no event, no change (P-59). The chain's row lock puts concurrent
 * writers in line, so the sequence has no gap.
 */
export async function appendAudit(em: SqlEntityManager, orgId: string, entry: AuditEntry): Promise<void> {
  const chain = (await lockChain(em, orgId)) ?? (await beginChain(em, orgId));
  const eventId = uuidv7();
  const salt = randomBytes(16).toString('base64url');
  const { context, requestId, traceId, ...rest } = entry;
  const event = {
    event_id: eventId, org_id: orgId, chain_id: chain.chain_id, seq: Number(chain.seq) + 1, occurred_at: chain.now, ...rest,
    request_id: requestId, trace_id: traceId, pii_commitment: commitment(salt, context), prev_hash: chain.last_hash,
  };
  const hash = auditHash(event);
  await rows(em, sql`
    with stored as (
      insert into audit_events (org_id, seq, occurred_at, event_id, action, outcome, target_id, event, prev_hash, hash)
      values (${orgId}, ${event.seq}, ${event.occurred_at}, ${eventId}, ${entry.action}, ${entry.outcome}, ${entry.target.id}, ${JSON.stringify({ ...event, hash })}::jsonb, ${chain.last_hash}, ${hash})),
    told as (
      insert into audit_context (org_id, event_id, ip, user_agent, salt) values (${orgId}, ${eventId}, ${context?.ip ?? null}, ${context?.userAgent ?? null}, ${salt}))
    update audit_chains set seq = ${event.seq}, last_hash = ${hash} where org_id = ${orgId}`);
}

interface Chain {
  readonly chain_id: string;
  readonly seq: string;
  readonly last_hash: string;
  readonly now: string;
}

const lockChain = async (em: SqlEntityManager, orgId: string): Promise<Chain | undefined> =>
  (await rows(em, sql<Chain>`
    select chain_id, seq, last_hash, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now
      from audit_chains where org_id = ${orgId} for update`))[0];

/** The first event of an organisation; two at once begin one chain. */
async function beginChain(em: SqlEntityManager, orgId: string): Promise<Chain> {
  await rows(em, sql`insert into audit_chains (org_id, chain_id) values (${orgId}, ${randomUUID()}) on conflict do nothing`);
  return (await lockChain(em, orgId))!;
}

/** P-59: SHA-256 over the domain tag and the RFC 8785 bytes of the event without its own hash. */
export const auditHash = (event: object): string => createHash('sha256').update(`wattbook/audit/v1\n${canonicalize(event)}`).digest('hex');

/** P-60: the chain holds a salted commitment, so that erasing salt and values leaves the chain whole. */
const commitment = (salt: string, context: AuditEntry['context']): string =>
  createHash('sha256').update(`wattbook/audit-context/v1\n${canonicalize({ ip: context?.ip ?? null, salt, user_agent: context?.userAgent ?? null })}`).digest('hex');
