// What the model says to agent A in turn T, and to the helpers of that turn. Every path is used by one tool only, so that an effect tells whose it
// has to be. `pages[A]` is the port of a page that only agent A fetches.
export const TURNS = 3;
export const AGENTS = 4;

export const question = (a, t) => `Agent ${a}, turn ${t}: do your part.`;
export const task = (a, t, h) => `Helper ${h} of agent ${a}, turn ${t}: do yours.`;

/** One input and one output of a tool. */
const files = (a, t, tool) => ({ from: `a${a}/t${t}-${tool}.txt`, to: `a${a}/t${t}-${tool}.out` });
export const inputs = (a) =>
  Array.from({ length: TURNS }, (_, t) =>
    ['read', 'shell', 'look', 'h1-read', 'h1-shell', 'h2-read', 'h2-shell'].map((tool) => files(a, t, tool).from),
  ).flat();

const read = (a, t, tool) => ({ name: 'read_file', args: { path: files(a, t, tool).from } });
const shell = (a, t, tool) => {
  const { from, to } = files(a, t, tool);
  return { name: 'bash', args: { command: `sort ${from} > ${to}; wc -l ${to}; true` } };
};
const usage = { input: 100, output: 10 };

/** Steps by what the user said last. */
export function scriptOf(pages) {
  const script = {};
  for (let a = 0; a < AGENTS; a++)
    for (let t = 0; t < TURNS; t++) {
      script[question(a, t)] = [
        {
          text: 'Three things at once.',
          calls: [
            read(a, t, 'read'),
            shell(a, t, 'shell'),
            { name: 'fetch', args: { url: `http://127.0.0.1:${pages[a][t]}/` } },
          ],
          usage,
        },
        // its argument does not say what it reads
        { calls: [{ name: 'look_up', args: { topic: 'rounding' } }], usage },
        { calls: [1, 2].map((h) => ({ name: 'task', args: { prompt: task(a, t, h) } })), usage },
        { text: 'Done.', usage },
      ];
      for (const h of [1, 2])
        script[task(a, t, h)] = [
          {
            calls: [
              read(a, t, `h${h}-read`),
              shell(a, t, `h${h}-shell`),
              { name: 'write_file', args: { path: files(a, t, `h${h}-write`).to, text: 'made by a helper\n' } },
            ],
            usage,
          },
          { text: 'The helper is done.', usage },
        ];
    }
  return script;
}
