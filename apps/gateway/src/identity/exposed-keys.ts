import type { NextFunction, Response } from 'express';
import { appendAudit } from '#platform/audit/append';
import type { Database } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { parseApiKey } from '#platform/identity/api-key';
import { decoded } from '../http/instance.ts';
import { sendProblem } from '../http/problem.filter.ts';
import type { GatewayRequest } from '../http/request.ts';
import { endApiKey } from './api-keys.sql.ts';
import { requestIds } from './audit.ts';
import type { Authenticator } from './authenticator.ts';
import { findKey, principalOf } from './key-directory.ts';

const IN_URL = /wb_(?:live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}/;
const SYSTEM = { type: 'system', id: 'gateway', credential_id: null, on_behalf_of: null } as const;

/** A key in an address stands in logs, histories and referrers by now: it is taken out of force, whoever sent it (P-52). */
export const refuseKeysInUrls = (database: Database, authenticator: Authenticator) =>
  async (request: GatewayRequest, response: Response, next: NextFunction): Promise<void> => {
    const [text] = IN_URL.exec(decoded(request.originalUrl)) ?? [];
    if (!text) return next();
    try {
      await quarantine(database, text);
      authenticator.forget();
    } catch (error) {
      return next(error);
    }
    sendProblem(new Problem('credential-in-url', 'The address holds an API key. Keys in addresses end up in logs, so this one, if it was in force, is quarantined; make a new one and send it in a header.'), request, response);
  };

async function quarantine(database: Database, text: string): Promise<void> {
  const row = await findKey(database, parseApiKey(text)?.keyId ?? '');
  const owner = principalOf(row, text, Date.now());
  if (!owner) return;
  await database.inOrg(owner.orgId, async (em) => {
    if (!(await endApiKey(em, owner.credentialId, 'quarantined'))) return;
    await appendAudit(em, owner.orgId, {
      actor: SYSTEM, action: 'apikey.exposed', target: { type: 'api_key', id: owner.credentialId }, outcome: 'allowed', permission: null,
      reason: 'The key was sent in a URL.', changes: ['status'], ...requestIds(),
    });
  });
}
