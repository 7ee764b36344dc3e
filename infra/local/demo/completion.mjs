import { all, customer, expected, operator, reaches, sum, workloadPath } from './api.mjs';

/** Told to finish, the work ends by its normal path, and its energy is the same wherever it is counted. */
export async function conservation(context) {
  const { id } = context.kept;
  const client = customer(context);
  const { count } = await operator(context).post('/demo/simulate/complete_workloads', { ids: [id] });
  if (Number(count) !== 1) expected('one job told to finish', count);
  const { energy, reason, progress } = await reaches(client, id, ['completed'], 90);
  if (progress.units_done !== progress.units_total) expected(`${progress.units_total} units done`, progress);
  const [segments, lines] = [await all(client, `${workloadPath(id)}/segments`), await all(client, `${workloadPath(id)}/energy`)];
  const total = BigInt(energy.energy_mj);
  const [bySegment, byLine] = [sum(segments, 'energy_mj'), sum(lines, 'energy_mj')];
  if (total <= 0n) expected('energy above 0', energy);
  if (bySegment !== total || byLine !== total) expected(`${total} mJ by segment and by line`, `${bySegment} and ${byLine} mJ`);
  const { sha256 } = await client.get(`${workloadPath(id)}/result`);
  return `${reason}, ${total} mJ (${energy.grade}); ${segments.length} segments and ${lines.length} lines sum to it, difference 0 mJ; result ${sha256.slice(0, 12)}…`;
}
