import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Response } from 'express';
import { SAMPLE_ORGANISATIONS } from '#platform/db/sample-organisations';
import { notFound } from '#platform/errors/problem';
import type { GatewayRequest } from '../http/request.ts';
import { CallDesk } from '../grid/call-desk.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { OrderDesk } from '../workloads/order-desk.ts';
import { DemoWork } from './demo-work.ts';
import { CompleteWorkloads, DemoWorkload, GridCycle, TriggerCurtailment, TriggerReroute } from './demo.schemas.ts';
import { demoOrder } from './demo-order.ts';
import { GridSteering } from './steer-grid.ts';

/**
 * W-133: the operator's controls of a simulated installation, not registered in production. None writes a workload, decision, event of
 * the grid's own or ledger row: they move what is simulated, and the product does the rest as on any other day (W-134).
 */
@Controller('demo/simulate')
export class DemoController {
  constructor(
    private readonly grid: GridSteering,
    private readonly work: DemoWork,
    private readonly desk: OrderDesk,
    private readonly calls: CallDesk,
  ) {}

  @Post('grid_cycle')
  @HttpCode(200)
  @Requires('platform.operate')
  gridCycle(@Caller() caller: Principal, @Body({ schema: GridCycle.prefault({}) }) body: GridCycle) {
    return this.grid.cycle(caller, body);
  }

  /** The normal order, for a sample customer: its budgets, rules and audit event are that customer's. */
  @Post('create_workload')
  @HttpCode(202)
  @Requires('platform.operate')
  createWorkload(@Caller() caller: Principal, @Body({ schema: DemoWorkload.prefault({}) }) { org, ...wanted }: DemoWorkload, @Req() request: GatewayRequest, @Res({ passthrough: true }) response: Response) {
    const customer = SAMPLE_ORGANISATIONS.find(({ slug, id }) => slug === org || id === org);
    if (!customer) throw notFound();
    return this.desk.accept(request, response, { ...caller, orgId: customer.id }, demoOrder(wanted));
  }

  @Post('trigger_reroute')
  @HttpCode(202)
  @Requires('platform.operate')
  async triggerReroute(@Caller() caller: Principal, @Body({ schema: TriggerReroute.prefault({}) }) { workload_id, intervals }: TriggerReroute) {
    const zone = await this.work.zoneOf(workload_id);
    await this.grid.spike(caller, zone, intervals);
    return { zone };
  }

  @Post('trigger_curtailment')
  @HttpCode(202)
  @Requires('platform.operate')
  async triggerCurtailment(@Caller() caller: Principal, @Body({ schema: TriggerCurtailment.prefault({}) }) { zone, kind, duration_s, target_percent = 100 }: TriggerCurtailment, @Req() request: GatewayRequest, @Res({ passthrough: true }) response: Response) {
    if (kind === 'absorb') return { event_id: await this.grid.surplus(caller, zone, duration_s) };
    await this.grid.mayShed(caller, zone);
    const { id } = await this.calls.call(request, response, caller, zone, { kind, duration_s, target_percent, reason: 'demo control' });
    return { event_id: id };
  }

  @Post('complete_workloads')
  @HttpCode(202)
  @Requires('platform.operate')
  async completeWorkloads(@Caller() caller: Principal, @Body({ schema: CompleteWorkloads.prefault({}) }) { ids }: CompleteWorkloads) {
    return { count: await this.work.complete(caller, ids) };
  }
}
