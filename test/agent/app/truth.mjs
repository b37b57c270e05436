// The agent's own account of what it did, independent of the bytes on the wire: written once, at the end, to OISP_DEMO_TRUTH.
import fs from 'node:fs';

const file = process.env.OISP_DEMO_TRUTH;
/** Programs that tools start write one line each here: their pid, what they are and what they touched. */
const facts = process.env.OISP_DEMO_FACTS;

export const truth = { agent: { name: 'harbor-agent', pid: process.pid }, turns: [], mcp_servers: [] };

export function saveTruth() {
  if (!file) return;
  const lines = facts && fs.existsSync(facts) ? fs.readFileSync(facts, 'utf8').split('\n').filter(Boolean) : [];
  fs.writeFileSync(file, `${JSON.stringify({ ...truth, programs: lines.map((line) => JSON.parse(line)) }, null, 1)}\n`);
}

/** Calls `fetch` and notes each attempt with its status, so that retries inside an SDK are known too. */
export function notingFetch(note) {
  return async (input, init) => {
    const attempt = { status: 0, started: Date.now() };
    note(attempt);
    const response = await fetch(input, init);
    attempt.status = response.status;
    return response;
  };
}
