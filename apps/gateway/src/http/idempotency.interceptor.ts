import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, from, mergeMap, throwError, type Observable } from 'rxjs';
import { Problem } from '#platform/errors/problem';
import { Idempotency, keyOf } from './idempotency.ts';
import type { GatewayRequest } from './request.ts';

/** Around body and schemas: a request with a key that cannot even be read is answered once too. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(@Inject(Idempotency) private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const { principal } = request;
    if (request.method !== 'POST' || !principal || keyOf(request, principal.orgId) === undefined) return next.handle();
    return next.handle().pipe(catchError((error: unknown) => {
      if (!(error instanceof Problem) || error.code !== 'invalid-request' || request.rawBody === undefined) return throwError(() => error);
      return from(this.idempotency.refuseOnce(request, principal, error)).pipe(mergeMap((answer) => throwError(() => answer)));
    }));
  }
}
