// What the model says in the demo: by the user's words, then by the number of answers given since. A step may look at the tool results so far.

export const TASK_PROMPT =
  'Read docs/guide.md and docs/limits.md, count the headings of both, and answer with a summary of three sentences for the README.';
const url = (results) => /https?:\/\/127\.0\.0\.1:\d+\//.exec(results.join('\n'))?.[0];

export const script = {
  'Write a title of at most five words for: The ledger tests fail. Find out why and fix it.': [
    { text: 'Fix failing ledger tests', usage: { input: 41, output: 8 } },
  ],

  'The ledger tests fail. Find out why and fix it.': [
    {
      thinking: 'I need the test output, the source and the notes of the project. These do not depend on each other.',
      text: 'I run the tests and read the source beside them.',
      calls: [
        { name: 'bash', args: { command: 'node scripts/test.mjs', description: 'Run the ledger tests' } },
        { name: 'read_file', args: { path: 'src/ledger.mjs' } },
        { name: 'mcp__notes__read_note', args: { name: 'rounding' } },
      ],
      usage: { input: 1874, output: 168, written: 1310 },
    },
    {
      text: 'The sum is rounded down; the note asks for rounding to the nearest cent.',
      calls: [{ name: 'edit_file', args: { path: 'src/ledger.mjs', old: 'Math.floor(', new: 'Math.round(' } }],
      usage: { input: 2391, output: 97, cached: 1310, written: 517 },
    },
    {
      calls: [
        {
          name: 'bash',
          args: { command: 'node scripts/test.mjs && wc -l src/ledger.mjs', description: 'Run the tests again' },
        },
      ],
      usage: { input: 2530, output: 61, cached: 1827 },
    },
    {
      text: 'The tests pass now: `total` cut fractions of a cent off with `Math.floor`, and now rounds to the nearest cent as the note on rounding asks.',
      usage: { input: 2648, output: 44, cached: 1827 },
    },
  ],

  'Start the preview server and look at its first page.': [
    {
      refuse: { message: 'Rate limit reached for requests per min. Please try again in 120ms.', retryMs: 120 },
      calls: [{ name: 'bash', args: { command: 'sh scripts/start-preview.sh' } }],
      usage: { input: 412, output: 27 },
    },
    ({ results }) => ({
      text: 'The server is up.',
      calls: [{ name: 'web_fetch', args: { url: url(results) } }],
      usage: { input: 486, output: 31 },
    }),
    {
      text: 'The preview server runs, and its first page is titled "Ledger".',
      usage: { input: 561, output: 19, cached: 256 },
    },
  ],

  'Let a helper summarise the docs, then add the summary to the README.': [
    {
      text: 'A helper reads the docs; I look at the README meanwhile.',
      calls: [
        { name: 'task', args: { description: 'Summarise the docs', prompt: TASK_PROMPT } },
        { name: 'read_file', args: { path: 'README.md' } },
      ],
      usage: { input: 2795, output: 121, cached: 1827 },
    },
    {
      calls: [
        {
          name: 'edit_file',
          args: {
            path: 'README.md',
            old: '## Use',
            new: '## In short\n\nAmounts are whole cents. Sums round to the nearest cent. A ledger holds at most 10,000 lines.\n\n## Use',
          },
        },
      ],
      usage: { input: 3067, output: 104, cached: 2795 },
    },
    {
      text: 'The README now opens with a short summary of the docs.',
      usage: { input: 3196, output: 17, cached: 2795 },
    },
  ],

  [TASK_PROMPT]: [
    {
      calls: [
        { name: 'read_file', args: { path: 'docs/guide.md' } },
        { name: 'read_file', args: { path: 'docs/limits.md' } },
        { name: 'bash', args: { command: "grep -c '^#' docs/guide.md docs/limits.md" } },
      ],
      usage: { input: 933, output: 118 },
    },
    {
      text: 'Amounts are whole cents. Sums round to the nearest cent. A ledger holds at most 10,000 lines.',
      usage: { input: 1204, output: 29 },
    },
  ],

  'Check the links of the preview, then stop the server.': [
    {
      calls: [{ name: 'bash', args: { command: 'node scripts/check-links.mjs "$(cat preview.url)"' } }],
      usage: { input: 388, output: 92, reasoning: 64 },
    },
    {
      calls: [{ name: 'bash', args: { command: 'kill "$(cat preview.pid)" && rm preview.pid preview.url' } }],
      usage: { input: 467, output: 30 },
    },
    {
      text: 'Both links work. The preview server is stopped and its state files are gone.',
      usage: { input: 512, output: 21 },
    },
  ],
};
