import { config } from '#platform/config/config';

/** The gateway's part of the environment, read once (O-27). */
export const gatewayConfig = () =>
  config({
    needs: ['databaseUrl', 'databasePoolMax', 'temporalAddress', 'temporalNamespace', 'payloadKeys', 'masterKeys', 'bind', 'port', 'opsPort', 'codecPort', 'publicUrl', 'temporalUiPort', 'credentialStalenessS', 'drainDelayS', 'logLevel', 'gridIntervalS', 'nodeAddressAllow'],
    uses: ['instanceId', 'temporalApiKey', 'temporalTlsCa', 'temporalTlsCert', 'temporalTlsKey', 'gridSources', 'nodeHardware', 'simTimeScale', 'trustedProxies'],
  });

export type GatewayConfig = ReturnType<typeof gatewayConfig>;
