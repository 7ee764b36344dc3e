import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Permission } from '#domain/permissions/catalogue';

export const REQUIRED = Symbol('required permission');
export type Required = Permission | 'public';

/** The one permission of a route. The guard asks for it before ids, query and body are looked at (P-30); the OpenAPI document shows it (P-29). */
export const Requires = (permission: Permission) => applyDecorators(SetMetadata(REQUIRED, permission), ApiExtension('x-permission', permission), ApiSecurity('api-key'));

/** A route for everybody, or one that knows its caller by other means (a node's token). */
export const Public = () => applyDecorators(SetMetadata(REQUIRED, 'public'), ApiExtension('x-permission', 'public'));
