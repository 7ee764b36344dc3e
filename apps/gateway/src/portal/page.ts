import type { GatewayConfig } from '../config.ts';

type Shown = Pick<GatewayConfig, 'mode' | 'publicUrl' | 'bind' | 'temporalUiPort' | 'nodeHardware' | 'gridSources'>;

/** A plain page: where things are, and what here is not real. */
export function portalPage(config: Shown): string {
  const local = config.mode !== 'production';
  const places = [
    ['REST gateway', `${config.publicUrl}/api/v1`],
    ...(local ? [['OpenAPI document', `${config.publicUrl}/openapi.json`], ['Temporal Web UI', `http://${config.bind}:${config.temporalUiPort}`]] : []),
  ] as const;
  const rows = places.map(([name, url]) => `<dt>${escape(name)}</dt><dd><a href="${escape(url)}">${escape(url)}</a></dd>`).join('\n');
  const simulated = standIns(config).map((line) => `<li>${escape(line)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Wattbook</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0}code{background:#8882;padding:.1em .3em}</style></head>
<body>
<h1>Wattbook</h1>
<p>Durable, energy-aware AI compute: it runs GPU jobs where clean power is cheapest, moves them when the grid changes, and meters every joule.</p>
<dl>
${rows}
</dl>
<p>Every request carries an API key: <code>Authorization: Bearer wb_…</code>${local ? '; <code>npm start</code> prints the keys of the sample organisations and a first command' : ''}.</p>
${simulated ? `<h2>Simulated here</h2>\n<ul>\n${simulated}\n</ul>\n` : ''}</body>
</html>
`;
}

function standIns({ nodeHardware, gridSources }: Shown): string[] {
  const chains = gridSources ? [gridSources.every, ...Object.values(gridSources.zones)] : [];
  return [
    ...(nodeHardware === 'simulated' ? ['The GPU nodes: their power comes from a model, and each of their reports says so.'] : []),
    ...(chains.some(([first]) => first === 'simulated') ? ['The grid: intensity, price and generation come from a model calibrated to published yearly means.'] : []),
    ...(chains.some(([first]) => first === 'replay') ? ['The grid: signals are replayed from a file of past hours.'] : []),
  ];
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
