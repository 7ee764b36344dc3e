import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import type { NodeVerdict } from '#domain/fleet/node-state';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { changeState } from '#platform/nodes/node-state.sql';
import { auditAllowed } from '../identity/audit.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { forgiveStrikes, lockNode, setDesired, type LockedNode } from './node-commands.sql.ts';

type ActAs = (orgId: string) => Promise<void>;
type Em = SqlEntityManager;
type Command = 'drain' | 'serve' | 'retire' | 'lift-quarantine';

/** What people decide of a node (table before W-30), each in one transaction; the watch and the workloads' runs do the rest. */
@Controller('api/v1/nodes/:id')
export class NodeCommandsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** No new work; what runs there is checkpointed and moved. */
  @Post('drain')
  @HttpCode(200)
  @Requires('node.write', 'platform.operate')
  drain(@Caller() caller: Principal, @Param('id') id: string) {
    return this.#command(caller, id, 'drain', async (em, actAs, node) => {
      await setDesired(em, node.id, 'drain');
      await leave(em, actAs, node);
    });
  }

  @Post('serve')
  @HttpCode(200)
  @Requires('node.write', 'platform.operate')
  serve(@Caller() caller: Principal, @Param('id') id: string) {
    return this.#command(caller, id, 'serve', (em, _actAs, node) => setDesired(em, node.id, 'serve'));
  }

  /** Final. A node with work drains first; the watch retires it once it is empty. */
  @Post('retire')
  @HttpCode(200)
  @Requires('node.write', 'platform.operate')
  retire(@Caller() caller: Principal, @Param('id') id: string) {
    return this.#command(caller, id, 'retire', async (em, actAs, node) => {
      await setDesired(em, node.id, 'stop');
      if (node.gpusReserved === 0) await change(em, actAs, node, { state: 'retired', cause: 'operator' });
      else await leave(em, actAs, node);
    });
  }

  /** Its strikes are forgiven; it takes work again once it has been seen well, as a node that has just registered. */
  @Post('lift-quarantine')
  @HttpCode(200)
  @Requires('platform.operate')
  lift(@Caller() caller: Principal, @Param('id') id: string) {
    return this.#command(caller, id, 'lift-quarantine', async (em, actAs, node) => {
      if (node.state !== 'quarantined') throw new Problem('invalid-transition', 'The node is not quarantined.', { state: node.state, allowed: allowedOf(node) });
      await forgiveStrikes(em, node.id);
      await change(em, actAs, node, { state: 'provisioning', cause: 'quarantine_lifted' });
    });
  }

  /** Another owner's node is looked at as if it were not there to be steered: seen by all, changed by its owner and the operator. */
  async #command(caller: Principal, id: string, command: Command, act: (em: Em, actAs: ActAs, node: LockedNode) => Promise<unknown>) {
    return this.database.inSystem(async (em, actAs) => {
      const node = await lockNode(em, id);
      if (!node) throw notFound();
      if (!caller.operator && node.ownerOrgId !== caller.orgId) throw new Problem('permission-denied', 'Only its owner and the operator may steer a node.', { permission: 'platform.operate' });
      if (node.state === 'retired' && command !== 'retire') throw new Problem('invalid-transition', 'The node is retired, and that is final.', { state: 'retired', allowed: [] });
      if (node.state !== 'retired') await act(em, actAs, node);
      await actAs(caller.orgId);
      await auditAllowed(em, caller, { action: `node.${command}`, permission: caller.operator ? 'platform.operate' : 'node.write', target: { type: 'node', id: node.id } });
      const { state, desired } = (await lockNode(em, node.id))!;
      return { id: node.id, slug: node.slug, state, desired };
    });
  }
}

const allowedOf = ({ state }: LockedNode): Command[] => (state === 'quarantined' ? ['lift-quarantine', 'retire'] : ['drain', 'serve', 'retire']);

/** What works is told at once; a silent or quarantined node stays what it is, and drains when it comes back. */
const leave = async (em: Em, actAs: ActAs, node: LockedNode) =>
  node.state === 'online' || node.state === 'degraded' ? change(em, actAs, node, { state: 'draining', cause: 'operator' }) : false;

const change = (em: Em, actAs: ActAs, node: LockedNode, verdict: NodeVerdict) => changeState(em, actAs, node, node.state, verdict);
