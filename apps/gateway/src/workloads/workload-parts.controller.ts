import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { Problem } from '#platform/errors/problem';
import { Pages, type Position } from '../http/pages.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { listDecisions, listEnergy, listHistory, listSegments } from './parts.sql.ts';
import { ListOnly } from './workloads.schemas.ts';
import { findWorkload } from './workloads.sql.ts';

type Read<Row> = (em: SqlEntityManager, workloadId: string, after: Position | undefined, take: number) => Promise<Row[]>;

/** What belongs to one workload, page by page (W-88). */
@Controller('api/v1/workloads/:id')
export class WorkloadPartsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
  ) {}

  @Get('segments')
  @Requires('workload.read')
  segments(@Caller() caller: Principal, @Param('id') id: string, @Query({ schema: ListOnly }) query: ListOnly) {
    return this.#page(caller, id, 'segments', query, listSegments, ({ segment }) => [String(segment)]);
  }

  @Get('energy')
  @Requires('workload.read')
  energy(@Caller() caller: Principal, @Param('id') id: string, @Query({ schema: ListOnly }) query: ListOnly) {
    return this.#page(caller, id, 'energy', query, listEnergy, ({ segment, interval_start }) => [String(segment), interval_start]);
  }

  @Get('decisions')
  @Requires('workload.read')
  async decisions(@Caller() caller: Principal, @Param('id') id: string, @Query({ schema: ListOnly }) query: ListOnly) {
    const page = await this.#page(caller, id, 'decisions', query, listDecisions, (row) => [row.decided_at, row.id]);
    return { ...page, data: page.data.map(({ summary }) => summary) };
  }

  @Get('events/history')
  @Requires('workload.read')
  history(@Caller() caller: Principal, @Param('id') id: string, @Query({ schema: ListOnly }) query: ListOnly) {
    return this.#page(caller, id, 'history', query, listHistory, (row) => [row.id]);
  }

  @Get('result')
  @Requires('workload.read')
  async result(@Caller() { orgId }: Principal, @Param('id') id: string) {
    const { state, result } = await this.database.inOrg(orgId, (em) => findWorkload(em, id));
    if (!result) throw new Problem('not-ready', `The workload is ${state}; a result is there once it is completed.`, { state });
    return result;
  }

  async #page<Row>({ orgId }: Principal, id: string, name: string, query: ListOnly, read: Read<Row>, positionOf: (row: Row) => Position) {
    return this.database.inOrg(orgId, async (em) => {
      await findWorkload(em, id);
      const page = this.pages.open(`workloads/${id}/${name}`, orgId, query);
      return page.close(await read(em, id, page.after, page.take), positionOf);
    });
  }
}
