import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { Database } from '#platform/db/in-org';
import { notFound } from '#platform/errors/problem';
import { Pages } from '../http/pages.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { DATABASE } from '../tokens.ts';
import { ListSignals, ListZones, ReadForecast } from './grid.schemas.ts';
import { listSignals, readForecast, toApiSignal } from './signals.sql.ts';
import { assertZone, readZones } from './zones.sql.ts';

/** The grid as it was told: public data, the same for every organisation (W-56). */
@Controller('api/v1/zones')
export class ZonesController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Requires('grid.read')
  async list(@Caller() { orgId }: Principal, @Query({ schema: ListZones }) query: ListZones) {
    const page = this.pages.open('zones', orgId, query);
    const zones = await this.database.inSystem((em) => readZones(em, { after: page.after?.[0], take: page.take }));
    return page.close(zones, ({ zone }) => [zone]);
  }

  @Get(':zone')
  @Requires('grid.read')
  async read(@Param('zone') key: string) {
    const [zone] = await this.database.inSystem((em) => readZones(em, { key, take: 1 }));
    if (!zone) throw notFound();
    return zone;
  }

  @Get(':zone/signals')
  @Requires('grid.read')
  async signals(@Caller() { orgId }: Principal, @Param('zone') zone: string, @Query({ schema: ListSignals }) query: ListSignals) {
    const page = this.pages.open(`zones/${zone}/signals`, orgId, query);
    const found = await this.database.inSystem(async (em) => {
      await assertZone(em, zone);
      return listSignals(em, zone, query, page.after, page.take);
    });
    const { data, next_cursor } = page.close(found, ({ interval_start, issued_at, id }) => [interval_start, issued_at, id]);
    return { data: data.map(toApiSignal), next_cursor };
  }

  @Get(':zone/forecast')
  @Requires('grid.read')
  async forecast(@Param('zone') zone: string, @Query({ schema: ReadForecast }) _: object) {
    return this.database.inSystem(async (em) => {
      await assertZone(em, zone);
      return readForecast(em, zone);
    });
  }
}
