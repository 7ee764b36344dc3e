import type { FactoryProvider } from '@nestjs/common';
import { keyRingOf } from '#platform/config/key-ring';
import type { Database } from '#platform/db/in-org';
import { AddressGuard } from '#platform/nodes/address-guard';
import { AgentClient } from '#platform/nodes/agent-client';
import { AgentDirectory } from '#platform/nodes/agent-directory';
import { NodeAgents } from '#platform/nodes/node-agents';
import type { GatewayConfig } from '../config.ts';
import { CONFIG, DATABASE } from '../tokens.ts';

/** The way to the nodes' agents, as workers have it. */
export const agentsProvider: FactoryProvider<NodeAgents> = {
  provide: NodeAgents,
  inject: [DATABASE, CONFIG],
  useFactory: (database: Database, { masterKeys, nodeAddressAllow, mode }: GatewayConfig) =>
    new NodeAgents(new AgentDirectory(database, keyRingOf(masterKeys)), new AgentClient(new AddressGuard(nodeAddressAllow, mode === 'production'))),
};
