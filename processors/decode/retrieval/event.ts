import type { RetrieveData } from '../../../core/index.ts';
import type { Found, Retrieval } from '../flavour.ts';

const MAX_RESULTS = 64;
const MAX_PREVIEW = 256;
const MAX_QUERY = 8192;

/** `data` of `agent.rag_retrieve`: at most 64 results, each with the first 256 characters of its text. */
export function retrieveDataOf(retrieval: Retrieval, provider: string): RetrieveData {
  const { id, source, name, query, found } = retrieval;
  return {
    source: { type: source, ...(name !== undefined && { name }), provider },
    ...(query !== undefined && { query: query.slice(0, MAX_QUERY) }),
    ...(found !== undefined && { results_count: found.length }),
    ...(found !== undefined && found.length > 0 && { results: found.slice(0, MAX_RESULTS).map(resultOf) }),
    ...(id !== undefined && { call_id: id }),
  };
}

function resultOf({ source, title, score, text }: Found): NonNullable<RetrieveData['results']>[number] {
  return {
    ...(source !== undefined && { source: source.slice(0, 2048) }),
    ...(score !== undefined && { score }),
    ...(text !== undefined && { content_preview: text.slice(0, MAX_PREVIEW) }),
    ...(title !== undefined && { metadata: { title: title.slice(0, MAX_PREVIEW) } }),
  };
}
