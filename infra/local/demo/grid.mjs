import { all, customer, expected, operator, reaches, until, workloadPath } from './api.mjs';

const ZONES = 11;

/**
 * Every zone has a present intensity and price, each with its source and quality. A replayed file speaks of the zones that it
 * has; the others say that they have no signal, and work needs two that do.
 */
export async function signals(context) {
  const replayed = context.ready.stand_ins?.includes('replayed grid');
  const client = customer(context);
  const zones = await all(client, '/api/v1/zones');
  if (zones.length < ZONES) expected(`${ZONES} zones`, zones.map(({ zone }) => zone));
  const silent = replayed ? zones.filter(({ signal }) => signal === null) : [];
  if (zones.length - silent.length < 2) expected('signals of at least two zones', zones);
  const shown = zones.map(({ zone, signal }) => {
    if (silent.some((one) => one.zone === zone)) return `${zone} no signal in the file`;
    const { intensity, price, source, quality } = signal ?? expected(`a signal of ${zone}`, 'none');
    for (const { value } of [intensity, price]) if (Number.isNaN(Number.parseFloat(value))) expected(`intensity and price of ${zone} as numbers`, signal);
    if (!source || !quality) expected(`source and quality of the signal of ${zone}`, signal);
    return `${zone} ${intensity.value} ${intensity.unit} (${source}, ${quality})`;
  });
  return `${zones.length} zones: ${shown.join(', ')}`;
}

/** The operator asks the zone where the work runs to shed all it can; the event says on what it rests. */
export async function eventOpened(context) {
  const { id } = context.kept;
  const before = await until('progress of the workload', 30, async (saw) => {
    const row = await customer(context).get(workloadPath(id));
    saw(row.progress);
    return row.state === 'running' && row.progress.units_done > 0 && row;
  });
  const { event_id: eventId } = await operator(context).post('/demo/simulate/trigger_curtailment', { zone: before.zone, kind: 'shed', duration_s: 300, target_percent: 100 });
  const event = await customer(context).get(`/api/v1/grid-events/${before.zone}/${eventId}`);
  if (event.kind !== 'shed' || !event.open) expected('an open shed', event);
  if (!event.evidence || Object.keys(event.evidence).length === 0) expected('evidence', event.evidence);
  Object.assign(context.kept, { before, eventId });
  return `${before.zone} ${eventId}, evidence ${JSON.stringify(event.evidence)}`;
}

/** The work is checkpointed there and runs on elsewhere, and nothing it had done is lost on the way. */
export async function movedOn(context) {
  const { id, before, eventId } = context.kept;
  const client = customer(context);
  let shown = before.progress.units_done;
  const after = await until('the workload running in another zone', 60, async (saw) => {
    const row = await client.get(workloadPath(id));
    saw(`${row.state} in ${row.zone}, ${row.progress.units_done} units`);
    if (row.progress.units_done < shown) expected(`progress not below ${shown}`, row.progress);
    shown = row.progress.units_done;
    return row.state === 'running' && row.zone !== before.zone && row;
  }, 250);
  const segments = await all(client, `${workloadPath(id)}/segments`);
  const left = segments.find(({ segment }) => segment === before.segment);
  if (left?.end_reason !== 'moved') expected(`segment ${before.segment} to have ended as moved`, left);
  const answer = await until('the answer of the workload in the event', 30, async (saw) => {
    const { answers } = await client.get(`/api/v1/grid-events/${before.zone}/${eventId}`);
    saw(answers);
    return answers.find(({ workload_id: one }) => one === id);
  });
  if (answer.answer !== 'moved') expected('the answer moved', answer);
  await operator(context).post(`/api/v1/grid-events/${before.zone}/${eventId}/close`);
  await reaches(client, id, ['running'], 10);
  return `${before.node} → ${after.node}, segment ${before.segment} → ${after.segment}, ${before.progress.units_done} → ${shown} units, answer "${answer.answer}"`;
}
