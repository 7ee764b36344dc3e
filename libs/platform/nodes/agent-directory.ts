import { sql } from 'kysely';
import type { KeyRing } from '#platform/config/key-ring';
import { rows, type Database } from '#platform/db/in-org';
import type { AgentAddress } from './agent-client.ts';
import { openToken } from './agent-token.ts';

/** A revoked token must be dead within 5 s (W-15), so an address is believed for less. */
const BELIEVED_MS = 3_000;

/** Where the agents are. Addresses belong to the nodes' owners; this is the one place that reads them for calling. */
export class AgentDirectory {
  private readonly known = new Map<string, { readonly until: number; readonly agent: Promise<AgentAddress | undefined> }>();

  constructor(
    private readonly database: Database,
    private readonly keys: KeyRing,
    private readonly now: () => number = Date.now,
  ) {}

  /** Undefined for a node that has never registered. */
  find(nodeId: string): Promise<AgentAddress | undefined> {
    const held = this.known.get(nodeId);
    if (held && held.until > this.now()) return held.agent;
    const agent = this.read(nodeId);
    this.known.set(nodeId, { until: this.now() + BELIEVED_MS, agent });
    agent.catch(() => this.known.delete(nodeId));
    return agent;
  }

  private read(nodeId: string): Promise<AgentAddress | undefined> {
    return this.database.inSystem(async (em, actAs) => {
      const [node] = await rows(em, sql<{ owner_org_id: string }>`select owner_org_id from nodes where id = ${nodeId} and state <> 'retired'`);
      if (!node) return undefined;
      await actAs(node.owner_org_id);
      const [row] = await rows(em, sql<{ address: string; agent_token_sealed: Buffer }>`select address, agent_token_sealed from node_credentials where node_id = ${nodeId}`);
      return row && { nodeId, address: row.address, agentToken: openToken(this.keys, nodeId, row.agent_token_sealed) };
    });
  }
}
