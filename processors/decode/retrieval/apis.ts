import type { CallHead, Found, Retrieval } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';

/** An API that looks up knowledge, without a model: it yields `agent.rag_retrieve` alone. */
interface RetrievalApi {
  /** Who serves it, as the field calls it. */
  readonly provider: string;
  readonly source: Retrieval['source'];
  /** Only these hosts; elsewhere path and both bodies have to be the API's. */
  readonly host?: RegExp;
  /** The first group is the name of what is searched. */
  readonly path: RegExp;
  /** Undefined: the request is none of this API. */
  readonly query: (body: Json) => { readonly text?: string | undefined } | undefined;
  /** Undefined: the answer is none of this API. */
  readonly found: (body: Json) => readonly Found[] | undefined;
}

const rows = (value: unknown, row: (entry: Json) => Found): readonly Found[] | undefined =>
  Array.isArray(value) ? value.filter(isObject).map(row) : undefined;

/** The providers' API references, November 2026. */
const APIS: readonly RetrievalApi[] = [
  {
    provider: 'openai',
    source: 'vector_db',
    path: /\/vector_stores\/([\w-]{1,128})\/search$/,
    query: (body) => (body['query'] === undefined ? undefined : { text: words(body['query']) }),
    found: (body) =>
      rows(body['data'], (entry) => ({
        source: text(entry['filename']) ?? text(entry['file_id']),
        score: number(entry['score']),
        text: text(object(list(entry['content'])[0])['text']),
      })),
  },
  {
    provider: 'aws_bedrock',
    source: 'knowledge_base',
    host: /^bedrock-agent-runtime\./,
    path: /^\/knowledgebases\/([\w-]{1,64})\/retrieve$/,
    query: (body) => ({ text: text(object(body['retrievalQuery'])['text']) }),
    found: (body) =>
      rows(body['retrievalResults'], (entry) => ({
        source: uriIn(entry['location']),
        score: number(entry['score']),
        text: text(object(entry['content'])['text']),
      })),
  },
  {
    provider: 'google',
    source: 'knowledge_base',
    host: /aiplatform\.googleapis\.com$/,
    path: /\/locations\/([a-z0-9-]{1,32}):retrieveContexts$/,
    query: (body) => ({ text: text(object(body['query'])['text']) }),
    found: (body) =>
      rows(object(body['contexts'])['contexts'], (entry) => ({
        source: text(entry['sourceUri']),
        score: number(entry['score'] ?? entry['distance']),
        text: text(entry['text']),
      })),
  },
  {
    provider: 'pinecone',
    source: 'vector_db',
    host: /\.pinecone\.io$/,
    path: /^(?:\/records\/namespaces\/([^/]{1,128})\/search|\/query)$/,
    query: (body) => ({ text: text(object(object(body['query'])['inputs'])['text']) }),
    found: (body) =>
      rows(body['matches'] ?? object(body['result'])['hits'], (entry) => ({
        source: text(entry['id'] ?? entry['_id']),
        score: number(entry['score'] ?? entry['_score']),
      })),
  },
  {
    provider: 'azure_ai_search',
    source: 'database',
    host: /\.search\.windows\.net$/,
    path: /^\/indexes(?:\/|\(')([\w-]{1,128})(?:'\))?\/docs\/(?:search|search\.post\.search)$/,
    query: (body) => ({ text: text(body['search']) }),
    found: (body) =>
      rows(body['value'], (entry) => ({ source: text(entry['id']), score: number(entry['@search.score']) })),
  },
  {
    provider: 'tavily',
    source: 'web_search',
    host: /^api\.tavily\.com$/,
    path: /^\/search()$/,
    query: (body) => ({ text: text(body['query']) }),
    found: (body) => rows(body['results'], page),
  },
  {
    provider: 'exa',
    source: 'web_search',
    host: /^api\.exa\.ai$/,
    path: /^\/search()$/,
    query: (body) => ({ text: text(body['query']) }),
    found: (body) => rows(body['results'], page),
  },
  {
    provider: 'qdrant',
    source: 'vector_db',
    path: /^\/collections\/([^/]{1,128})\/points\/(?:search|query)$/,
    query: (body) => (body['vector'] === undefined && body['query'] === undefined ? undefined : {}),
    found: (body) =>
      rows(object(body['result'])['points'] ?? body['result'], (entry) => ({
        source: text(entry['id']) ?? number(entry['id'])?.toString(),
        score: number(entry['score']),
      })),
  },
  {
    provider: 'chroma',
    source: 'vector_db',
    path: /^\/api\/v[12]\/(?:[\w/-]{1,256}\/)?collections\/([^/]{1,128})\/query$/,
    query: (body) =>
      body['query_embeddings'] === undefined && body['query_texts'] === undefined
        ? undefined
        : { text: words(body['query_texts']) },
    found: (body) => {
      const ids = list(body['ids'])[0];
      const distances = list(list(body['distances'])[0]);
      const documents = list(list(body['documents'])[0]);
      return Array.isArray(ids)
        ? ids.map((id, i) => ({ source: text(id), score: number(distances[i]), text: text(documents[i]) }))
        : undefined;
    },
  },
];

export interface RetrievalMatch {
  readonly api: RetrievalApi;
  readonly name: string | undefined;
}

/** The retrieval API that a request goes to. */
export function retrievalApiOf(head: CallHead): RetrievalMatch | undefined {
  if (head.method !== 'POST') return undefined;
  for (const api of APIS) {
    if (api.host !== undefined && !api.host.test(head.host)) continue;
    const path = api.path.exec(head.path);
    if (path !== null) return { api, name: path[1] || undefined };
  }
  return undefined;
}

function words(value: unknown): string | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').join('\n') || undefined : text(value);
}

function page(entry: Json): Found {
  return {
    source: text(entry['url']),
    title: text(entry['title']),
    score: number(entry['score']),
    text: text(entry['content']) ?? text(entry['text']),
  };
}

/** The address in any of the forms of a location (`s3Location.uri`, `webLocation.url`, ...). */
function uriIn(location: unknown): string | undefined {
  for (const place of Object.values(object(location))) {
    const found = text(object(place)['uri']) ?? text(object(place)['url']);
    if (found !== undefined) return found;
  }
  return undefined;
}
