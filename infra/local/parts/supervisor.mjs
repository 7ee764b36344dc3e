import { endChild, rotate } from './child.mjs';

const STEADY_MS = 60_000;
const ROTATE_EVERY_MS = 5_000;

/** Keeps the instance's processes: starts them, starts them again when they die, stops them in the reverse order of their start. */
export function createSupervisor({ say, publish }) {
  const components = []; // in the order of their start
  let stopping = false;

  const shown = () => publish(components.map(({ spec: { name, address, probe }, child }) => ({ name, address, probe, pid: child?.ended ? undefined : child?.pid })));

  function start(component) {
    component.child = component.spec.start();
    shown();
    component.child.exit.then((end) => stopping || again(component, end));
    return component.child;
  }

  function again(component, end) {
    const { spec, child } = component;
    component.attempts = Date.now() - child.startedAt > STEADY_MS ? 0 : component.attempts + 1;
    const after = spec.restartAfterMs(component.attempts);
    say(`${spec.name} ended (${end}); starting it again in ${after / 1000} s`);
    shown();
    component.timer = setTimeout(() => stopping || start(component), after);
  }

  const rotation = setInterval(() => components.forEach(({ child }) => child && rotate(child.log)), ROTATE_EVERY_MS);

  async function stopGroup(group, fast) {
    await Promise.all(group.map(async ({ spec, child, timer }) => {
      clearTimeout(timer);
      if (!child) return;
      const left = await endChild(child, fast ? { ...spec.stop, seconds: 2 } : spec.stop);
      if (!left) say(`${spec.name} did not leave within its time and was ended`);
    }));
  }

  return {
    /** @returns the child; await `spec.ready(child)` before relying on it. */
    add(spec, group) {
      rotate(spec.log ?? '');
      const component = { spec, group, attempts: 0 };
      components.push(component);
      return start(component);
    },
    /** O-12: gateway, worker, nodes, Temporal, PostgreSQL; `fast` asks all at once, for when nobody waits for us any more. */
    async stop({ fast = false } = {}) {
      stopping = true;
      clearInterval(rotation);
      if (fast) return stopGroup(components, true);
      const groups = [...new Set(components.map(({ group }) => group))].sort((a, b) => a - b);
      for (const group of groups) await stopGroup(components.filter((component) => component.group === group), false);
    },
    kill() {
      stopping = true;
      for (const { spec, child } of components) if (child && !child.ended) child.killGroup(spec.stop.force ?? 'SIGKILL');
    },
  };
}
