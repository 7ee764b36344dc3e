import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { registrationText } from '#domain/energy-report/report';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { digestOf } from '#platform/identity/api-key';
import { uuidv7 } from '#platform/ids/uuidv7';
import { sealToken } from '#platform/nodes/agent-token';
import type { ReportNonces } from '#platform/nodes/report-nonce';
import { KeyRefused, PublicKey } from '#platform/signing/ed25519';
import { sha256Hex } from '#platform/signing/sha256';
import { appendPublic } from '#platform/stream/append';
import type { KeyRing } from '#platform/config/key-ring';
import type { RegisterNode } from './nodes.schemas.ts';
import { findEnrolment, findNode, type EnrolmentRow } from './nodes.sql.ts';

export const HEARTBEAT_S = 5;
export const REPORT_S = 10;

export interface RegisterDeps {
  readonly production: boolean;
  readonly masterKeys: KeyRing;
  readonly nonces: ReportNonces;
}

interface Known {
  readonly public_key: string;
  readonly enrolment_sha256: Buffer;
}

/** The name of a key: the same key has the same name everywhere. */
export const keyIdOf = (x: string): string => `nk_${sha256Hex(Buffer.from(x, 'base64url')).slice(0, 16)}`;

/** W-13, W-14. Every refusal is decided before anything is written; one transaction, so a lost answer leaves a whole registration or none. */
export async function registerNode(em: SqlEntityManager, actAs: (orgId: string) => Promise<void>, body: RegisterNode, deps: RegisterDeps) {
  const digest = digestOf(body.enrolment_token);
  const enrolment = await findEnrolment(em, digest);
  if (!enrolment) throw badToken();
  if (body.hardware === 'simulated' && deps.production) throw new Problem('simulated-hardware', 'A production system takes real hardware only; set NODE_HARDWARE=real.');
  const key = provenKey(body);
  await actAs(enrolment.org_id);
  await rows(em, sql`select id from node_enrolments where id = ${enrolment.id} for update`); // two agents with one token: one after the other
  const node = await findNode(em, enrolment.slug);
  if (node && node.owner_org_id !== enrolment.org_id) throw mismatch(enrolment.slug);
  const known = node && (await credentialsOf(em, node.id));
  const again = known !== undefined && known.enrolment_sha256.equals(digest);
  if (again && known.public_key !== key.jwk.x) throw mismatch(enrolment.slug);
  if (!again && (enrolment.used || enrolment.expired)) throw badToken();
  const nodeId = node?.id ?? uuidv7();
  await refuseUsedKey(em, key, nodeId);
  await storeNode(em, nodeId, enrolment, body, again);
  const answer = await storeCredentials(em, nodeId, enrolment, body, key, digest, deps);
  return { answer, again, nodeId, orgId: enrolment.org_id, keyReplaced: known !== undefined && known.public_key !== key.jwk.x };
}

const badToken = () => new Problem('unauthenticated', 'The enrolment token is unknown, used or expired. Make a new one: POST /api/v1/nodes/enrolments.', {}, { 'www-authenticate': 'Bearer' });
const mismatch = (slug: string) => new Problem('key-mismatch', `${slug} is known under another key. Its owner can change the key: POST /api/v1/nodes/{id}/keys, or a new enrolment.`);

export function provenKey({ public_key, proof, enrolment_token }: Pick<RegisterNode, 'public_key' | 'proof' | 'enrolment_token'>): PublicKey {
  const key = acceptableKey(public_key);
  if (!key.verify(registrationText(enrolment_token), Buffer.from(proof, 'base64url'))) throw new Problem('key-unacceptable', 'The proof is not this key\'s signature over "wattbook/register/v1\\n" and the token.');
  return key;
}

/** M-39. */
export function acceptableKey(jwk: { kty: string; crv: string; x: string }): PublicKey {
  try {
    return PublicKey.fromJwk(jwk);
  } catch (error) {
    if (error instanceof KeyRefused) throw new Problem('key-unacceptable', `The key is refused: ${error.message}. Make a new Ed25519 key.`);
    throw error;
  }
}

/** M-39: one key, one node, for ever. */
export async function refuseUsedKey(em: SqlEntityManager, { jwk: { x } }: PublicKey, nodeId: string): Promise<void> {
  const { used } = await one(em, sql<{ used: boolean }>`select node_key_is_used(${x}, ${nodeId}) as used`);
  if (used) throw new Problem('key-unacceptable', 'This key is or was another node\'s; each node makes a key of its own.');
}

async function credentialsOf(em: SqlEntityManager, nodeId: string): Promise<Known | undefined> {
  const [row] = await rows(em, sql<Known>`select public_key, enrolment_sha256 from node_credentials where node_id = ${nodeId}`);
  return row;
}

/** A new enrolment may bring a new price, which then is a new price version (W-10); the same one again changes no price. */
async function storeNode(em: SqlEntityManager, nodeId: string, enrolment: EnrolmentRow, body: RegisterNode, again: boolean): Promise<void> {
  const [gpu] = body.gpus;
  const { version, host_idle_w, host_max_w, gpu_idle_w, gpu_max_w } = body.power_model;
  const power = JSON.stringify({ version, hostIdleW: host_idle_w, hostMaxW: host_max_w, gpuIdleW: gpu_idle_w, gpuMaxW: gpu_max_w });
  const price = enrolment.price_micro_usd_per_gpu_hour;
  const [made] = await rows(em, sql<{ created: boolean }>`
    insert into nodes as n (id, slug, owner_org_id, owner_kind, zone, gpu_model, gpu_memory_gb, gpus, price_micro_usd_per_gpu_hour, pue_e4, power_model, hardware, time_scale)
    values (${nodeId}, ${enrolment.slug}, ${enrolment.org_id}, ${enrolment.kind}, ${enrolment.zone}, ${gpu!.model}, ${gpu!.memory_gb}, ${body.gpus.length}, ${price}, ${enrolment.pue_e4}, ${power}::jsonb, ${body.hardware}, ${body.time_scale})
    on conflict (id) do update set
      gpu_model = excluded.gpu_model, gpu_memory_gb = excluded.gpu_memory_gb, gpus = greatest(excluded.gpus, n.gpus_reserved), power_model = excluded.power_model,
      hardware = excluded.hardware, time_scale = excluded.time_scale,
      price_micro_usd_per_gpu_hour = case when ${again} then n.price_micro_usd_per_gpu_hour else excluded.price_micro_usd_per_gpu_hour end,
      pue_e4 = case when ${again} then n.pue_e4 else excluded.pue_e4 end,
      price_version = n.price_version + case when not ${again} and (n.price_micro_usd_per_gpu_hour, n.pue_e4) <> (excluded.price_micro_usd_per_gpu_hour, excluded.pue_e4) then 1 else 0 end
    returning xmax = 0 as created`);
  if (made!.created) await appendPublic(em, 'node.state', { id: nodeId, slug: enrolment.slug, zone: enrolment.zone, state: 'provisioning', cause: 'registered' });
}

async function storeCredentials(em: SqlEntityManager, nodeId: string, enrolment: EnrolmentRow, body: RegisterNode, key: PublicKey, digest: Buffer, { masterKeys, nonces }: RegisterDeps) {
  const [nodeToken, agentToken] = ['wbnode', 'wbagent'].map((prefix) => `${prefix}_${randomBytes(32).toString('base64url')}`) as [string, string];
  const keyId = keyIdOf(key.jwk.x);
  await rows(em, sql`
    insert into node_credentials as c (org_id, node_id, address, key_id, public_key, node_token_sha256, agent_token_sealed, enrolment_sha256, gpu_uuids, host, agent_version, models)
    values (${enrolment.org_id}, ${nodeId}, ${body.address}, ${keyId}, ${key.jwk.x}, ${digestOf(nodeToken)}, ${sealToken(masterKeys, nodeId, agentToken)}, ${digest},
            ${body.gpus.map(({ uuid }) => uuid)}, ${JSON.stringify(body.host)}::jsonb, ${body.agent_version}, ${JSON.stringify(body.models)}::jsonb)
    on conflict (org_id, node_id) do update set
      address = excluded.address, key_id = excluded.key_id, public_key = excluded.public_key, node_token_sha256 = excluded.node_token_sha256,
      agent_token_sealed = excluded.agent_token_sealed, enrolment_sha256 = excluded.enrolment_sha256, gpu_uuids = excluded.gpu_uuids, host = excluded.host,
      agent_version = excluded.agent_version, models = excluded.models,
      retired_keys = case when c.public_key = excluded.public_key then c.retired_keys
                          else c.retired_keys || jsonb_build_object('key_id', c.key_id, 'public_key', c.public_key, 'retired_at', clock_timestamp()) end`);
  await rows(em, sql`update node_enrolments set used_at = coalesce(used_at, clock_timestamp()) where id = ${enrolment.id}`);
  const { now_ms } = await one(em, sql<{ now_ms: string }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`);
  const nonce = nonces.make(nodeId, Number(now_ms));
  await rows(em, sql`
    insert into node_runtime (node_id, report_nonce, report_nonce_at) values (${nodeId}, ${nonce}, clock_timestamp())
    on conflict (node_id) do update set previous_report_nonce = node_runtime.report_nonce, report_nonce = excluded.report_nonce, report_nonce_at = excluded.report_nonce_at`);
  return {
    node_id: nodeId, key_id: keyId, node_token: nodeToken, agent_token: agentToken, server_time: new Date(Number(now_ms)).toISOString(), report_nonce: nonce,
    heartbeat_s: HEARTBEAT_S, report_s: REPORT_S,
  };
}
