import type { Found, Retrieval } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';

/** Queries of one look-up as one text. */
function joined(queries: unknown, one?: unknown): string | undefined {
  const words = list(queries).filter((query) => typeof query === 'string');
  return words.length > 0 ? words.join('\n') : text(one);
}

/**
 * `file_search_call` and `web_search_call` among the items that a response puts out. What was found is in it only where the request asked
 * for it (`include`). Source: platform.openai.com/docs/api-reference/responses/object (2026-11).
 */
export function retrievalsOfItems(items: readonly unknown[]): Retrieval[] {
  const found: Retrieval[] = [];
  for (const item of items) {
    if (!isObject(item)) continue;
    const id = text(item['id']);
    if (item['type'] === 'file_search_call') {
      const results = item['results'];
      found.push({
        id,
        source: 'file_search',
        name: 'file_search',
        query: joined(item['queries']),
        found: Array.isArray(results) ? results.filter(isObject).map(fileFound) : undefined,
      });
    } else if (item['type'] === 'web_search_call') {
      const action = object(item['action']);
      if (action['type'] !== undefined && action['type'] !== 'search') continue; // a page is opened or searched
      const sources = action['sources'];
      found.push({
        id,
        source: 'web_search',
        name: 'web_search',
        query: joined(action['queries'], action['query']),
        found: Array.isArray(sources)
          ? sources.filter(isObject).map((source) => ({ source: text(source['url']) ?? text(source['name']) }))
          : undefined,
      });
    }
  }
  return found;
}

function fileFound(result: Json): Found {
  return {
    source: text(result['filename']) ?? text(result['file_id']),
    score: number(result['score']),
    text: text(result['text']) ?? text(object(list(result['content'])[0])['text']),
  };
}

/**
 * `server_tool_use` of web search and the result that answers it among the content blocks of a message. A streamed input comes as text.
 * Source: docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool (2026-11).
 */
export function retrievalsOfBlocks(blocks: readonly Json[]): Retrieval[] {
  const answers = new Map<unknown, unknown>();
  for (const block of blocks)
    if (block['type'] === 'web_search_tool_result') answers.set(block['tool_use_id'], block['content']);
  const found: Retrieval[] = [];
  for (const block of blocks) {
    if (block['type'] !== 'server_tool_use' || block['name'] !== 'web_search') continue;
    const content = answers.get(block['id']);
    found.push({
      id: text(block['id']),
      source: 'web_search',
      name: 'web_search',
      query: text(object(parseArguments(block['input']))['query']),
      // an error is an object
      found: Array.isArray(content)
        ? content
            .filter(isObject)
            .filter((entry) => entry['type'] === 'web_search_result')
            .map((entry) => ({ source: text(entry['url']), title: text(entry['title']) }))
        : undefined,
    });
  }
  return found;
}

/**
 * `groundingMetadata` of a candidate: searches of the web and of the caller's own documents. Source:
 * ai.google.dev/api/generate-content#GroundingMetadata (2026-11).
 */
export function retrievalsOfGrounding(metadata: unknown): Retrieval[] {
  if (!isObject(metadata)) return [];
  const pages: Found[] = [];
  const documents: Found[] = [];
  for (const chunk of list(metadata['groundingChunks'])) {
    const web = object(chunk)['web'] ?? object(chunk)['maps'];
    const own = object(chunk)['retrievedContext'];
    if (isObject(web)) pages.push({ source: text(web['uri']), title: text(web['title']) });
    else if (isObject(own))
      documents.push({
        source: text(own['uri']) ?? text(own['documentName']),
        title: text(own['title']),
        text: text(own['text']),
      });
  }
  const query = joined(metadata['webSearchQueries']);
  const ownQuery = joined(metadata['retrievalQueries']);
  const found: Retrieval[] = [];
  if (pages.length > 0 || query !== undefined)
    found.push({ source: 'web_search', name: 'google_search', query, found: pages });
  if (documents.length > 0 || ownQuery !== undefined)
    found.push({ source: 'knowledge_base', name: 'retrieval', query: ownQuery, found: documents });
  return found;
}

/**
 * Searches beside an answer of other APIs: Cohere's `search_queries` with `documents` (docs.cohere.com/v1/reference/chat), Perplexity's
 * `search_results` (docs.perplexity.ai/api-reference), both 2026-11. Documents that the caller gave are no search.
 */
export class SearchBeside {
  #queries: readonly unknown[] = [];
  #results: readonly unknown[] = [];

  /** Takes a whole body, or one event of a streamed one. */
  push(body: Json): void {
    const inner = isObject(body['response']) ? body['response'] : body;
    const queries = list(inner['search_queries']);
    const documents = list(inner['documents']);
    const results = list(inner['search_results']);
    if (queries.length > 0) this.#queries = queries;
    // Cohere's own `search_results` name ids of its documents
    if (results.some((result) => isObject(result) && result['url'] !== undefined)) this.#results = results;
    else if (documents.length > 0) this.#results = documents;
  }

  end(): Retrieval[] {
    const query = joined(this.#queries.map((entry) => object(entry)['text']));
    const isSearch = query !== undefined || this.#results.some((entry) => object(entry)['url'] !== undefined);
    if (!isSearch) return [];
    const found = this.#results.filter(isObject).map((entry) => ({
      source: text(entry['url']) ?? text(entry['id']),
      title: text(entry['title']),
      text: text(entry['snippet']) ?? text(entry['text']),
    }));
    return [{ source: 'web_search', name: 'web_search', query, found }];
  }
}
