/** Every workflow of the product: what a worker bundles. The one place that re-exports. */
export { gridEvent } from './grid/event.workflow.ts';
export { gridZone } from './grid/zone.workflow.ts';
export { workload } from './workloads/workload.workflow.ts';
