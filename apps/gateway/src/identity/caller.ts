import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Permission } from '#domain/permissions/catalogue';
import type { GatewayRequest } from '../http/request.ts';

/** Who asks, as the credential says; nothing else in a request can change it. */
export interface Principal {
  readonly orgId: string;
  readonly orgSlug: string;
  readonly orgKind: 'customer' | 'owner_datacenter' | 'owner_gamer' | 'vvb' | 'platform';
  readonly orgStatus: string;
  readonly credentialId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Holds `platform.operate`: sees fleet and grid as a whole and may steer them (P-33). */
  readonly operator: boolean;
}

/** The guard has put it there: a handler that is not `@Public()` always has one. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<GatewayRequest>().principal!);
