import type { AuditAction } from '#domain/audit/actions';
import { appendAudit, type AuditActor } from '#platform/audit/append';
import type { SqlEntityManager } from '#platform/db/in-org';
import { logContext } from '#platform/telemetry/context';
import type { Principal } from './caller.ts';

export interface AllowedWrite {
  readonly action: AuditAction;
  readonly permission: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly reason?: string;
  /** Names of changed fields, never values. */
  readonly changes?: readonly string[];
}

export const actorOf = ({ orgKind, credentialId }: Principal): AuditActor =>
  ({ type: orgKind === 'platform' ? 'platform' : 'api_key', id: credentialId, credential_id: credentialId, on_behalf_of: null });

/** For the transaction of the change itself: no event, no change (P-59). Request and trace come from the request that is being answered. */
export function auditAllowed(em: SqlEntityManager, caller: Principal, { reason, changes = [], ...write }: AllowedWrite): Promise<void> {
  return appendAudit(em, caller.orgId, { ...write, ...requestIds(), actor: actorOf(caller), outcome: 'allowed', reason: reason ?? null, changes });
}

export function requestIds() {
  const { request_id = null, trace_id = null, ip = null, user_agent = null } = logContext();
  return { requestId: request_id, traceId: trace_id, context: { ip: text(ip), userAgent: text(user_agent) } };
}

const text = (value: string | number | null): string | null => (value === null ? null : String(value));

