import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { GatewayConfig } from '../config.ts';
import { Public } from '../identity/requires.ts';
import { CONFIG } from '../tokens.ts';
import { portalPage } from './page.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What somebody sees who opens the gateway's address in a browser. */
@ApiExcludeController()
@Controller()
export class PortalController {
  constructor(@Inject(CONFIG) private readonly config: GatewayConfig) {}

  @Get()
  @Public()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  @Header('referrer-policy', 'no-referrer')
  page(): string {
    return portalPage(this.config);
  }
}
