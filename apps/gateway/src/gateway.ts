import 'reflect-metadata';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from '@temporalio/client';
import { keyRingOf } from '#platform/config/key-ring';
import type { ConnectedDatabase } from '#platform/db/connect';
import { onCredentialChange } from '#platform/identity/credential-channel';
import { productVersion } from '#platform/process/version';
import type { Logger } from '#platform/telemetry/logger';
import type { Metrics } from '#platform/telemetry/metrics';
import type { TemporalLink } from '#platform/temporal/link';
import type { GatewayConfig } from './config.ts';
import { accessLog } from './http/access-log.ts';
import { BodyInterceptor } from './http/body.interceptor.ts';
import { Idempotency } from './http/idempotency.ts';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.ts';
import { Pages } from './http/pages.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { requestContext } from './http/request-context.ts';
import { parseStrictQuery } from './http/strict-query.ts';
import { SchemaPipe } from './http/validation.ts';
import { Authenticator } from './identity/authenticator.ts';
import { CredentialGuard } from './identity/credential.guard.ts';
import { refuseKeysInUrls } from './identity/exposed-keys.ts';
import { DenialJournal } from './identity/denial-journal.ts';
import { serveOpenApi } from './portal/openapi.ts';
import { CONTROLLERS, DEMO_CONTROLLERS, PROVIDERS } from './rooms.ts';
import { CONFIG, DATABASE, LOGGER, METRICS, TEMPORAL } from './tokens.ts';

export interface GatewayDeps {
  readonly config: GatewayConfig;
  readonly database: ConnectedDatabase;
  readonly temporal: TemporalLink;
  readonly log: Logger;
  readonly metrics: Metrics;
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class; what is in it is decided below
class GatewayModule {}

const moduleOf = ({ config, database, temporal, log, metrics }: GatewayDeps, authenticator: Authenticator, controllers: readonly Type[]): DynamicModule => ({
  module: GatewayModule,
  controllers: [...controllers],
  providers: [
    { provide: CONFIG, useValue: config },
    { provide: DATABASE, useValue: database },
    { provide: TEMPORAL, useValue: temporal },
    { provide: Client, useValue: temporal.client },
    { provide: LOGGER, useValue: log },
    { provide: METRICS, useValue: metrics },
    { provide: Pages, useValue: new Pages(keyRingOf(config.masterKeys)) },
    { provide: Authenticator, useValue: authenticator },
    DenialJournal,
    Idempotency,
    { provide: APP_GUARD, useClass: CredentialGuard },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
    ...PROVIDERS,
  ],
});

/** Wiring only, in one place: what main.ts listens with is what the tests call, who may add routes of their own. Who calls it closes it. */
export async function createGateway(deps: GatewayDeps, more: readonly Type[] = []): Promise<NestExpressApplication> {
  const production = deps.config.mode === 'production';
  const controllers = [...CONTROLLERS, ...(production ? [] : DEMO_CONTROLLERS), ...more];
  const authenticator = new Authenticator(deps.database, { production, stalenessMs: deps.config.credentialStalenessS * 1_000 });
  await authenticator.start((changed) => onCredentialChange(deps.config.databaseUrl.reveal(), 'gateway', changed));
  const app = await NestFactory.create<NestExpressApplication>(moduleOf(deps, authenticator, controllers), { bodyParser: false, logger: false, abortOnError: false });
  app.disable('x-powered-by').disable('etag').set('query parser', parseStrictQuery);
  if (deps.config.trustedProxies) app.set('trust proxy', [...deps.config.trustedProxies]);
  app.use(requestContext, accessLog(deps.log, deps.metrics), refuseKeysInUrls(deps.database, authenticator));
  app.useGlobalPipes(new SchemaPipe());
  app.useGlobalFilters(new ProblemFilter(deps.log, app.get(DenialJournal)));
  if (!production) serveOpenApi(app, productVersion());
  return app;
}
