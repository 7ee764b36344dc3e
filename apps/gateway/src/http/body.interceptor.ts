import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { BODY_LIMIT, readJsonBody } from './body.ts';
import type { GatewayRequest } from './request.ts';
import { escapePointer } from './strict-json.ts';
import { invalidRequest } from './strict-query.ts';

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Runs after the guard and before the schemas: reads the body, and refuses what a route does not declare at all. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const takes = declaredBy(context);
    if (!WITHOUT_BODY.has(request.method)) await readJsonBody(request, this.reflector.get<number | undefined>(BODY_LIMIT, context.getHandler()));
    if (!takes.query) refuseMembers(request.query, 'This address takes no parameters.');
    if (!takes.body) refuseMembers(request.body, 'This address takes no body members; send {} or nothing.');
    return next.handle();
  }
}

/** Whether the handler has a `@Query` or a `@Body`: Nest keeps them as `type:index` beside the class. */
function declaredBy(context: ExecutionContext): { query: boolean; body: boolean } {
  const parameters = Object.keys((Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as object | undefined) ?? {});
  const has = (type: RouteParamtypes) => parameters.some((key) => key.startsWith(`${type}:`));
  return { query: has(RouteParamtypes.QUERY), body: has(RouteParamtypes.BODY) };
}

function refuseMembers(value: object | undefined, detail: string): void {
  const names = Object.keys(value ?? {});
  if (names.length > 0) throw invalidRequest(names.map((name) => ({ pointer: escapePointer(name), code: 'unknown-member', detail })));
}
