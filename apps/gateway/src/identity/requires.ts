import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Permission } from '#domain/permissions/catalogue';

export const REQUIRED = Symbol('required permission');
export type Required = Permission | 'public';

export const ALTERNATIVE = Symbol('permission of the platform that does as well');
export type Alternative = Extract<Permission, `platform.${string}`>;

/**
 * The one permission of a route. The guard asks for it before ids, query and body are looked at (P-30); the OpenAPI document shows it (P-29).
 * @param or what a platform's role holds instead: it acts outside tenants and has no tenant's permission (P-33)
 */
export const Requires = (permission: Permission, or?: Alternative) =>
  applyDecorators(
    SetMetadata(REQUIRED, permission), ApiExtension('x-permission', permission), ApiSecurity('api-key'),
    ...(or ? [SetMetadata(ALTERNATIVE, or), ApiExtension('x-permission-or', or)] : []),
  );

/** A route for everybody, or one that knows its caller by other means (a node's token). */
export const Public = () => applyDecorators(SetMetadata(REQUIRED, 'public'), ApiExtension('x-permission', 'public'));
