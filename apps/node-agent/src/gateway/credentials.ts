import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registrationText } from '#domain/energy-report/report';
import { generatePrivateJwk, Signer, type PrivateJwk } from '#platform/signing/ed25519';
import { writeDurably } from '../jobs/journal.ts';
import type { Inventory } from '../machine/machine.ts';
import type { GatewayClient, Registration } from './gateway-client.ts';

const KEY = 'node-key.json';
const TOKENS = 'registration.json';

const readJson = <T>(path: string): T | undefined => (existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined);

/** The node's key: made once, 0600, on disk before it is ever shown, so that a crash in the middle of registering changes no identity. */
export function loadSigner(folder: string): Signer {
  const path = join(folder, KEY);
  const known = readJson<PrivateJwk>(path);
  if (known) return new Signer(known);
  const made = generatePrivateJwk();
  writeDurably(path, JSON.stringify(made));
  return new Signer(made);
}

/** What the gateway gave, if it knows this address: a node that has moved since must say so before anybody can call it. */
export function loadRegistration(folder: string, address: string): Registration | undefined {
  const known = readJson<Registration & { readonly address?: string }>(join(folder, TOKENS));
  return known?.address === address ? known : undefined;
}

export interface Enrolment {
  readonly token: string;
  readonly address: string;
  readonly agentVersion: string;
}

/** W-13, W-14: with the same key and token the gateway answers again, so a lost answer costs nothing. */
export async function register(folder: string, gateway: GatewayClient, signer: Signer, inventory: Inventory, { token, address, agentVersion }: Enrolment): Promise<Registration> {
  const body = { enrolment_token: token, public_key: signer.publicJwk, proof: signer.sign(registrationText(token)), address, agent_version: agentVersion };
  const registration = await gateway.register(body, inventory);
  writeDurably(join(folder, TOKENS), JSON.stringify({ ...registration, address }));
  return registration;
}
