import type { Provider, Type } from '@nestjs/common';
import { NodeCommandsController } from './nodes/node-commands.controller.ts';
import { NodesController } from './nodes/nodes.controller.ts';
import { NodeProtocolController } from './nodes/node-protocol.controller.ts';
import { AuditController } from './audit/audit.controller.ts';
import { AlertsController } from './alerts/alerts.controller.ts';
import { ApiKeysController } from './identity/api-keys.controller.ts';
import { OrganizationController } from './organization/organization.controller.ts';
import { PortalController } from './portal/portal.controller.ts';
import { DecisionsController } from './decisions/decisions.controller.ts';
import { OrderDesk } from './workloads/order-desk.ts';
import { WorkloadCommands } from './workloads/run-command.ts';
import { StartSweep } from './workloads/start-sweep.ts';
import { WorkloadCommandsController } from './workloads/workload-commands.controller.ts';
import { WorkloadPartsController } from './workloads/workload-parts.controller.ts';
import { WorkloadsController } from './workloads/workloads.controller.ts';
import { CallDesk } from './grid/call-desk.ts';
import { GridEventsController } from './grid/grid-events.controller.ts';
import { ZonesController } from './grid/zones.controller.ts';
import { EventsController } from './events/events.controller.ts';
import { StreamHub } from './events/stream-hub.ts';
import { agentsProvider } from './demo/agents.ts';
import { DemoController } from './demo/demo.controller.ts';
import { DemoWork } from './demo/demo-work.ts';
import { GridSteering } from './demo/steer-grid.ts';

/** Every controller of the gateway, one line each. A route without `@Requires` or `@Public` is refused to everybody. */
export const CONTROLLERS: readonly Type[] = [
  AlertsController,
  AuditController,
  ApiKeysController,
  OrganizationController,
  PortalController,
  DecisionsController,
  WorkloadsController,
  WorkloadPartsController,
  WorkloadCommandsController,
  EventsController,
  ZonesController,
  GridEventsController,
  NodesController,
  NodeCommandsController,
  NodeProtocolController,
];

/** Controls of the simulation: in production these routes do not exist (P-12). */
export const DEMO_CONTROLLERS: readonly Type[] = [
  DemoController,
];

/** What controllers share beyond the tokens of tokens.ts: sweeps, readers, stores. They may implement OnApplicationBootstrap and OnApplicationShutdown. */
export const PROVIDERS: readonly Provider[] = [
  CallDesk,
  OrderDesk,
  WorkloadCommands,
  StartSweep,
  StreamHub,
  agentsProvider,
  GridSteering,
  DemoWork,
];
