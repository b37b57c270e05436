// What the client programs share. usage: node PROGRAM.mjs RUNTIME PORT
const [runtime, port] = process.argv.slice(2);
const SCENARIOS = ['plain', 'stream', 'tools', 'tools stream'];
/** The first request of each connection is a large one. */
const LONG = ' Rain?'.repeat(5000);

/** The tools of every client: their parameters as JSON Schema, and what they answer. */
export const TOOLS = {
  get_weather: {
    description: 'The weather in a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, units: { type: 'string' } },
      required: ['city'],
    },
    run: ({ city }) => `14 °C in ${city}, "rain"`,
  },
  get_time: {
    description: 'The time in a zone.',
    parameters: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] },
    run: ({ zone }) => `noon in ${zone}`,
  },
};

/**
 * Carries out every scenario with each of `apis`, by the name of this machine and by that of the provider: `connect(origin)` gives a function
 * of { prompt, isStreamed, hasTools, tell } that makes the calls, and tells each one as the SDK reports it.
 */
export async function carryOut(client, apis) {
  let ordinal = 0;
  for (const { api, provider, connect } of apis)
    for (const host of ['localhost', provider]) {
      const converse = connect(`https://${host}:${port}`);
      for (const scenario of SCENARIOS) {
        const isStreamed = scenario.endsWith('stream');
        const prompt = `<${scenario.split(' ')[0]} ${ordinal++}> What is it like in Paris?${scenario === 'plain' ? LONG : ''}`;
        const at = { client: `${client} ${api}`.trim(), runtime, host, scenario };
        const tell = (call) => console.log(JSON.stringify({ ...at, prompt, isStreamed, ...call }));
        await converse({ prompt, isStreamed, hasTools: scenario.startsWith('tools'), tell });
      }
    }
}
