import { oneOf, ratio, secretText, text, url, word } from '../forms.ts';
import { optional, secret, withDefault } from '../variable.ts';

const https = url(['https', 'http'], 'https://api.example.org');

/** Unset means off: an adapter is never replaced by a mock, and status says `off`. */
export const adapterVariables = {
  crusoeApiKey: secret('CRUSOE_API_KEY', 'key of Crusoe inference'),
  crusoeBaseUrl: optional('CRUSOE_BASE_URL', https, 'address of Crusoe inference'),
  crusoeModel: optional('CRUSOE_MODEL', text('a model name', 'meta-llama/Llama-3.3-70B-Instruct'), 'model asked at Crusoe'),
  incidentIoApiKey: secret('INCIDENT_IO_API_KEY', 'key of incident.io'),
  incidentIoAlertSourceId: optional('INCIDENT_IO_ALERT_SOURCE_ID', text('an id', '01J8Z0Q9'), 'alert source at incident.io'),
  elevenLabsApiKey: secret('ELEVENLABS_API_KEY', 'key of ElevenLabs'),
  elevenLabsVoiceId: optional('ELEVENLABS_VOICE_ID', text('an id', '21m00Tcm4TlvDq8ikWAM'), 'voice at ElevenLabs'),
  paidAiApiKey: secret('PAID_AI_API_KEY', 'key of Paid.ai'),
  smtpUrl: secret('SMTP_URL', 'mail server', { form: url(['smtp', 'smtps'], 'smtps://user:password@mail.example.org') }),
  mailFrom: optional('MAIL_FROM', word('a mail address', 'wattbook@example.org', /^[^\s@]+@[^\s@]+$/), 'sender of mail'),
};

export const telemetryVariables = {
  logLevel: withDefault('LOG_LEVEL', oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info', 'least level that is logged'),
  logInferenceSample: withDefault('WATTBOOK_LOG_INFERENCE_SAMPLE', ratio('0.01'), '0.01', 'share of successful inference requests that are logged'),
  otlpEndpoint: optional('OTEL_EXPORTER_OTLP_ENDPOINT', https, 'where traces and metrics are pushed'),
  otlpHeaders: secret('OTEL_EXPORTER_OTLP_HEADERS', 'headers of that push', { form: secretText('name=value pairs, separated by commas', 'authorization=<…>') }),
  tracesSampleRatio: withDefault('OTEL_TRACES_SAMPLER_ARG', ratio('0.1'), '0.1', 'share of traces that are kept'),
  otelServiceName: optional('OTEL_SERVICE_NAME', text('a name', 'wattbook-gateway'), 'service name in traces; unset, the process’s own'),
};
