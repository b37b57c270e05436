import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SseReader } from '../../../../processors/decode/body/sse.ts';

type Event = readonly [data: string, name: string | undefined];

function ours(pieces: readonly string[]): Event[] {
  const events: Event[] = [];
  const reader = new SseReader((text, from, to, name) => events.push([text.slice(from, to), name]));
  for (const piece of pieces) reader.push(piece);
  return events;
}

/** Each piece read as that of a row: first what is plain, then the rest. */
function inRows(pieces: readonly string[]): Event[] {
  const events: Event[] = [];
  const reader = new SseReader((text, from, to, name) => events.push([text.slice(from, to), name]));
  for (const piece of pieces) {
    const rest = piece.slice(reader.plain(piece));
    if (rest !== '') reader.push(rest);
  }
  return events;
}

function theirs(pieces: readonly string[]): Event[] {
  const events: Event[] = [];
  const parser = createParser({ onEvent: ({ data, event }) => events.push([data, event]) });
  for (const piece of pieces) parser.feed(piece);
  return events;
}

const token = fc.constantFrom(
  ...[
    'data: ',
    'data:',
    'data',
    'event: ',
    'event:',
    'event',
    'id: 1',
    'retry: 2',
    ': ping',
    ' ',
    'x',
    '{"a":1}',
    '[DONE]',
  ],
  ...[
    '\n',
    '\n',
    '\n',
    '\n\n',
    '\n\n',
    '\r\n',
    '\r',
    '\u00ef\u00bb\u00bf',
    '\ufeff',
    'data: {"a":2}\n\n',
    'event: e\ndata: 3\n\n',
  ],
);
const usual = fc.array(fc.constantFrom('data: {"a":2}\n\n', 'event: e\ndata: 3\n\n', 'data:4\n\n', '\n'), {
  maxLength: 8,
});

function inPieces(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, i) => text.slice(at[i - 1] ?? 0, end)).filter((piece) => piece !== '');
}

test('events are those that eventsource-parser reads, however the text is cut', () => {
  fc.assert(
    fc.property(usual, fc.array(token, { maxLength: 24 }), fc.array(fc.nat()), (start, rest, cuts) => {
      const text = start.join('') + rest.join('');
      expect(ours(inPieces(text, cuts))).toEqual(theirs(inPieces(text, cuts)));
      expect(inRows(inPieces(text, cuts))).toEqual(theirs(inPieces(text, cuts)));
    }),
    { numRuns: 3000 },
  );
});

test('what is not whole is forgotten after a gap', () => {
  const events: Event[] = [];
  const reader = new SseReader((text, from, to, name) => events.push([text.slice(from, to), name]));
  reader.push('data: 1\n\ndata: 2');
  reader.reset();
  reader.push('lost\n\ndata: 3\n\n');
  reader.reset();
  reader.push('data: 4\n\n');
  expect(events.map(([data]) => data)).toEqual(['1', '3', '4']);
});
