import { expect, test } from 'vitest';
import { SearchBeside } from '../../../../processors/decode/retrieval/built-in.ts';

test.each([
  {
    name: 'Cohere with a connector',
    bodies: [
      { event_type: 'search-queries-generation', search_queries: [{ text: 'a' }, { text: 'b' }] },
      {
        event_type: 'search-results',
        search_results: [{ search_query: { text: 'a' }, document_ids: ['web_0'] }],
        documents: [{ id: 'web_0', title: 'A', url: 'https://a.example/', snippet: 'text' }],
      },
      { event_type: 'stream-end', response: { text: 'So' } },
    ],
    want: [
      {
        source: 'web_search',
        name: 'web_search',
        query: 'a\nb',
        found: [{ source: 'https://a.example/', title: 'A', text: 'text' }],
      },
    ],
  },
  { name: 'documents that the caller gave', bodies: [{ documents: [{ id: 'doc_0', snippet: 'mine' }] }], want: [] },
  { name: 'anything else', bodies: [{ search_results: 'x', documents: {}, search_queries: null }], want: [] },
])('$name', ({ bodies, want }) => {
  const search = new SearchBeside();
  for (const body of bodies) search.push(body);
  expect(search.end()).toEqual(want);
});
