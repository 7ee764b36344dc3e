import type { Provider, Type } from '@nestjs/common';
import { OrganizationController } from './organization/organization.controller.ts';

/** Every controller of the gateway, one line each; a route without `@Requires` or `@Public` is refused at start. */
export const CONTROLLERS: readonly Type[] = [
  OrganizationController,
];

/** What controllers share beyond the tokens of tokens.ts: sweeps, readers, stores. They may implement OnApplicationBootstrap and OnApplicationShutdown. */
export const PROVIDERS: readonly Provider[] = [];
