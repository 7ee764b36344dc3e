// Asks this container's own ops listener whether it is ready: healthcheck.mjs <variable with the port> <default port>
const [variable, fallback] = process.argv.slice(2);
const answer = await fetch(`http://127.0.0.1:${process.env[variable] ?? fallback}/readyz`).catch(() => null);
process.exit(answer?.status === 200 ? 0 : 1);
