import 'reflect-metadata';
import { Module, StandardSchemaValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from '@temporalio/client';
import { keyRingOf } from '#platform/config/key-ring';
import type { ConnectedDatabase } from '#platform/db/connect';
import type { Logger } from '#platform/telemetry/logger';
import type { TemporalLink } from '#platform/temporal/link';
import type { GatewayConfig } from './config.ts';
import { BodyInterceptor } from './http/body.interceptor.ts';
import { Pages } from './http/pages.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { requestContext } from './http/request-context.ts';
import { parseStrictQuery } from './http/strict-query.ts';
import { invalidBySchema } from './http/validation.ts';
import { Authenticator } from './identity/authenticator.ts';
import { CredentialGuard } from './identity/credential.guard.ts';
import { DenialJournal } from './identity/denial-journal.ts';
import { CONTROLLERS, PROVIDERS } from './rooms.ts';
import { CONFIG, DATABASE, LOGGER, TEMPORAL } from './tokens.ts';

export interface GatewayDeps {
  readonly config: GatewayConfig;
  readonly database: ConnectedDatabase;
  readonly temporal: TemporalLink;
  readonly log: Logger;
}

@Module({})
class GatewayModule {
  static with({ config, database, temporal, log }: GatewayDeps, authenticator: Authenticator): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [...CONTROLLERS],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: DATABASE, useValue: database },
        { provide: TEMPORAL, useValue: temporal },
        { provide: Client, useValue: temporal.client },
        { provide: LOGGER, useValue: log },
        { provide: Pages, useValue: new Pages(keyRingOf(config.masterKeys)) },
        { provide: Authenticator, useValue: authenticator },
        DenialJournal,
        { provide: APP_GUARD, useClass: CredentialGuard },
        { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
        ...PROVIDERS,
      ],
    };
  }
}

/** Wiring only, in one place: what main.ts listens with is what the tests call. Who calls it closes it. */
export async function createGateway(deps: GatewayDeps): Promise<NestExpressApplication> {
  const authenticator = new Authenticator(deps.database, { production: deps.config.mode === 'production', stalenessMs: deps.config.credentialStalenessS * 1_000 });
  await authenticator.start();
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule.with(deps, authenticator), { bodyParser: false, logger: false, abortOnError: false });
  app.disable('x-powered-by').disable('etag').set('query parser', parseStrictQuery);
  app.use(requestContext);
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidBySchema }));
  app.useGlobalFilters(new ProblemFilter(deps.log));
  return app;
}
