import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '#platform/errors/problem';
import type { GatewayRequest } from '../http/request.ts';
import { WriteLimit } from '../http/write-limit.ts';
import { Authenticator } from './authenticator.ts';
import type { Principal } from './caller.ts';
import { credentialOf, unauthenticated } from './credential.ts';
import { DenialJournal } from './denial-journal.ts';
import { ALTERNATIVE, REQUIRED, type Alternative, type Required } from './requires.ts';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Credential, then permission; only then ids, query and body are looked at (P-30). A route that names no permission is refused: forgetting the decorator must not open a door. */
@Injectable()
export class CredentialGuard implements CanActivate {
  readonly #writes = new WriteLimit();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(DenialJournal) private readonly journal: DenialJournal,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const required = this.reflector.get<Required | undefined>(REQUIRED, context.getHandler());
    if (required === 'public') return true;
    const principal = await this.#principal(request, required ?? 'none');
    request.principal = principal;
    const alternative = this.reflector.get<Alternative | undefined>(ALTERNATIVE, context.getHandler());
    const isAllowed = required !== undefined && (principal.permissions.has(required) || (alternative !== undefined && principal.permissions.has(alternative)));
    if (!isAllowed) return this.#deny(principal, request, required);
    if (principal.orgStatus !== 'active' && !READS.has(request.method)) throw new Problem('org-suspended', 'Your organisation is suspended: it can be read, not changed. Ask the operator to restore it.');
    if (!READS.has(request.method)) this.#writes.take(principal.orgId, context.switchToHttp().getResponse());
    return true;
  }

  async #principal(request: GatewayRequest, required: string): Promise<Principal> {
    try {
      const principal = await this.authenticator.authenticate(credentialOf(request));
      if (principal) return principal;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
    this.journal.unauthenticated(request, required);
    throw unauthenticated();
  }

  /** The audit event is written before the answer (P-63). */
  async #deny(principal: Principal, request: GatewayRequest, required: string | undefined): Promise<never> {
    await this.journal.denied(principal, request, required ?? 'none');
    throw new Problem('permission-denied', `Your credential does not hold the permission ${required ?? '(this address declares none)'}; ask an administrator of your organisation for it.`, { permission: required ?? null });
  }
}
