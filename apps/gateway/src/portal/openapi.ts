import type { Application } from 'express';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The document that the routes themselves make: schemas from zod, `x-permission` on each operation (P-29). */
export function openApiDocument(app: NestExpressApplication, version: string): OpenAPIObject {
  const description = 'Errors are application/problem+json (RFC 9457) with code and request_id. Quantities are integers as text, their unit last in the name. '
    + 'Lists take cursor and limit. POST takes Idempotency-Key.';
  const options = new DocumentBuilder().setOpenAPIVersion('3.1.0').setTitle('Wattbook').setDescription(description).setVersion(version)
    .addSecurity('api-key', { type: 'http', scheme: 'bearer', bearerFormat: 'wb_live_… or wb_test_…' })
    .build();
  return SwaggerModule.createDocument(app, options, { operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}` });
}

/** In production it is a file of the release, not an address (P-12). */
export function serveOpenApi(app: NestExpressApplication, version: string): void {
  let text: string | undefined;
  const express = app.getHttpAdapter().getInstance() as Application;
  express.get('/openapi.json', (_request, response) => {
    text ??= JSON.stringify(openApiDocument(app, version));
    response.type('application/json').send(text);
  });
}
