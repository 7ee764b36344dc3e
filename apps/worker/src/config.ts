import { config } from '#platform/config/config';

/** The worker's part of the environment, read once (O-27). */
export const workerConfig = () =>
  config({
    needs: ['databaseUrl', 'databasePoolMax', 'temporalAddress', 'temporalNamespace', 'payloadKeys', 'masterKeys', 'bind', 'workerOpsPort', 'queues', 'maxCachedWorkflows', 'logLevel',
      'gridSources', 'gridIntervalS', 'gridSeed', 'gridSourceStepS', 'simTimeScale', 'nodeAddressAllow'],
    uses: ['instanceId', 'buildId', 'workerVersioning', 'temporalApiKey', 'temporalTlsCa', 'temporalTlsCert', 'temporalTlsKey', 'gridReplayFile', 'gridReplayStart', 'gridReplayLoop'],
  });

export type WorkerConfig = ReturnType<typeof workerConfig>;
