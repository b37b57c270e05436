import {
  type AiRequestData,
  type OispEvent,
  SPAN_KIND,
  type SpanEvent,
  type SpanLink,
  type SpanRecord,
} from '../../../core/index.ts';
import { Attributes } from '../attributes.ts';
import { inputMessages, outputMessages, systemInstructions, toolDefinitions, toolsHash } from '../content.ts';
import type { Call } from '../state.ts';
import type { Anchor } from '../timeline.ts';
import { traceParentOf } from '../trace-context.ts';
import {
  actorAttributes,
  conversationAttributes,
  fieldsOf,
  link,
  nameOf,
  processAttributes,
  type SpanOptions,
  text,
} from './parts.ts';

interface CallPlace {
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly anchor: Anchor;
  readonly end: number;
  readonly endReason: string | undefined;
}

/** One model call: `{operation} {model}`, CLIENT. */
export function callSpan(call: Call, place: CallPlace, options: SpanOptions): SpanRecord {
  const { request, response, conversation } = call;
  const q = request.data;
  const p = response?.data;
  const qa = request.attrs ?? {};
  const pa = response?.attrs ?? {};
  const operation = text(qa['gen_ai.operation.name']) ?? q.request_type;
  const model = q.model?.id;
  // nothing but whom it was with was seen
  const isUnread = request.confidence.completeness === 'metadata_only';
  const usage = p?.usage;
  const failed = p !== undefined && !p.success;
  const errorType = failed
    ? (p.error?.code ?? p.error?.type ?? text(pa['error.type']) ?? String(p.status_code ?? 'stream_interrupted'))
    : undefined;
  const a = new Attributes()
    .text('gen_ai.operation.name', operation)
    .text('gen_ai.provider.name', qa['gen_ai.provider.name'] ?? pa['gen_ai.provider.name'])
    .text('gen_ai.request.model', model)
    .text('gen_ai.response.model', p?.model?.id)
    .text('gen_ai.response.id', p?.provider_request_id)
    .texts('gen_ai.response.finish_reasons', pa['gen_ai.response.finish_reasons']);
  conversationAttributes(a, conversation, call.turn, options, call.view.sessionId)
    .int('gen_ai.usage.input_tokens', usage?.prompt_tokens)
    .int('gen_ai.usage.output_tokens', usage?.completion_tokens)
    .int('gen_ai.usage.cache_read.input_tokens', usage?.cached_tokens)
    .int('gen_ai.usage.cache_creation.input_tokens', usage?.cache_creation_tokens)
    .int('gen_ai.usage.reasoning.output_tokens', usage?.reasoning_tokens)
    .double('oisp.cost.input_usd', usage?.input_cost_usd)
    .double('oisp.cost.output_usd', usage?.output_cost_usd)
    .double('oisp.cost.total_usd', usage?.total_cost_usd)
    .text('oisp.cost.source', pa['oisp.cost.source']);
  parameters(a, request);
  const firstChunkMs = p?.time_to_first_token_ms;
  a.double('gen_ai.response.time_to_first_chunk', firstChunkMs === undefined ? undefined : firstChunkMs / 1000)
    .text('server.address', qa['server.address'] ?? q.provider.endpoint)
    .int('server.port', qa['server.port'])
    .text('http.request.method', qa['http.request.method'])
    .int('http.response.status_code', p?.status_code)
    .int('http.request.resend_count', call.resend || undefined)
    .text('user_agent.original', qa['user_agent.original']);
  providerAttributes(a, call);
  requestFacts(a, request);
  a.int('oisp.gen_ai.input.messages.offset', call.offset || undefined)
    .flag('oisp.side_call', call.isSide || undefined)
    .flag('oisp.request.unseen', call.isUnseen || undefined)
    .text('oisp.correlation.rule', call.rule)
    .text('oisp.correlation.confidence', call.confidence)
    .text('oisp.span.end_reason', place.endReason)
    .text('oisp.confidence.level', request.confidence.level)
    .text('oisp.completeness', response?.confidence.completeness ?? request.confidence.completeness)
    .flag('oisp.redacted', request.confidence.redaction_applied || response?.confidence.redaction_applied || undefined)
    .texts('oisp.limitations', response?.confidence.limitations ?? request.confidence.limitations)
    .text('error.type', errorType)
    .texts('oisp.event.ids', [...(call.isUnseen ? [] : [request.event_id]), ...(response ? [response.event_id] : [])]);
  actorAttributes(processAttributes(a, request), request);
  content(a, call, options);
  const message = text(p?.error?.message);
  const links = appLinks(call, place, options);
  const events = firstChunk(call, place, firstChunkMs);
  return {
    traceId: place.traceId,
    spanId: call.spanId,
    ...(place.parentSpanId !== undefined && { parentSpanId: place.parentSpanId }),
    name: nameOf(operation, model ?? (isUnread ? qa['server.address'] : call.isUnseen ? p?.model?.id : undefined)),
    kind: SPAN_KIND.client,
    start: place.anchor.nanos(call.at),
    end: place.anchor.nanos(Math.max(place.end, call.at + 1)),
    attributes: a.list,
    ...(events.length > 0 && { events }),
    ...(links.length > 0 && { links }),
    ...(failed && { status: { code: 'error' as const, ...(message !== undefined && { message }) } }),
    resource: call.agent.resource,
  };
}

function parameters(a: Attributes, { data, attrs }: OispEvent<AiRequestData>): void {
  const { parameters: params } = data;
  a.double('gen_ai.request.temperature', params?.temperature)
    .double('gen_ai.request.top_p', params?.top_p)
    .double('gen_ai.request.top_k', params?.top_k)
    .int('gen_ai.request.max_tokens', params?.max_tokens)
    .double('gen_ai.request.frequency_penalty', params?.frequency_penalty)
    .double('gen_ai.request.presence_penalty', params?.presence_penalty)
    .int('gen_ai.request.seed', params?.seed)
    .texts('gen_ai.request.stop_sequences', params?.stop)
    .flag('gen_ai.request.stream', data.streaming || undefined)
    .text('gen_ai.output.type', outputType(data, attrs?.['gen_ai.output.type']))
    .text('oisp.request.previous_response_id', data.previous_response_id);
}

/** What the client asked for: of the event, else what the kind of request says. */
function outputType(data: AiRequestData, stated: unknown): string | undefined {
  return text(stated) ?? (data.request_type === 'image' ? 'image' : undefined);
}

/** Attributes that only one provider has, and what is known of our place with it. */
function providerAttributes(a: Attributes, { request, response }: Call): void {
  const qa = request.attrs ?? {};
  const pa = response?.attrs ?? {};
  const { provider } = request.data;
  a.text('openai.api.type', openAiApi(qa))
    .text('openai.request.service_tier', qa['openai.request.service_tier'])
    .text('openai.response.service_tier', pa['openai.response.service_tier'])
    .text('openai.response.system_fingerprint', pa['openai.response.system_fingerprint'])
    .text('aws.bedrock.guardrail.id', qa['aws.bedrock.guardrail.id'])
    .text('aws.request_id', pa['aws.request_id'])
    .text('azure.resource_provider.namespace', qa['azure.resource_provider.namespace'])
    .text('oisp.azure.resource', qa['oisp.azure.resource'])
    .text('oisp.azure.deployment', qa['oisp.azure.deployment'])
    .text('oisp.provider.region', provider['region'])
    .text('oisp.provider.organization_id', provider['organization_id'])
    .text('oisp.provider.project_id', provider['project_id'])
    .text('oisp.provider.request_id', pa['oisp.provider.request_id']);
}

const OPENAI_APIS = { '/chat/completions': 'chat_completions', '/responses': 'responses' } as const;

function openAiApi(attrs: Readonly<Record<string, unknown>>): string | undefined {
  const path = text(attrs['url.path']);
  if (attrs['gen_ai.provider.name'] !== 'openai' || path === undefined) return undefined;
  return Object.entries(OPENAI_APIS).find(([end]) => path.endsWith(end))?.[1];
}

/** Numbers and hashes that are no content. */
function requestFacts(a: Attributes, request: OispEvent<AiRequestData>): void {
  const { data } = request;
  const web = fieldsOf(request.web_context);
  a.int('oisp.request.messages.count', data.messages_count ?? data.messages?.length)
    .int('oisp.request.tools.count', data.tools_count ?? data.tools?.length)
    .int('oisp.request.images.count', data.image_count)
    .text('oisp.request.system_prompt_hash', data.system_prompt_hash)
    .flag('oisp.request.has_rag_context', fieldsOf(data)['has_rag_context'])
    .text('oisp.request.tool_choice', data.tool_choice)
    .text('oisp.auth.type', data.auth?.type)
    .text('oisp.auth.account_type', data.auth?.account_type)
    .text('oisp.web.origin', web['origin'])
    .text('oisp.web.app_id', web['web_app_id'])
    .text('oisp.web.app_name', web['web_app_name'])
    .text('oisp.web.app_type', web['web_app_type']);
}

function content(a: Attributes, call: Call, options: SpanOptions): void {
  const { request, response, conversation } = call;
  const { tools } = request.data;
  if (tools !== undefined && tools.length > 0) {
    const hash = toolsHash(tools, call.view.keys.tools, conversation);
    a.text('oisp.request.tools.hash', hash);
    // the same definitions again with every call would be most of a trace
    if (conversation?.toolsShown !== hash || conversation === undefined) {
      a.any('gen_ai.tool.definitions', toolDefinitions(tools));
      if (conversation && options.mode !== 'off') conversation.toolsShown = hash;
    }
  }
  if (!call.isUnseen) a.any('gen_ai.input.messages', inputMessages(request, call.offset, options.inputMessages));
  if (call.offset === 0) a.any('gen_ai.system_instructions', systemInstructions(request));
  if (response) a.any('gen_ai.output.messages', outputMessages(response));
}

/** `gen_ai.first_chunk`: when the answer began. */
function firstChunk(call: Call, place: CallPlace, ms: number | undefined): SpanEvent[] {
  if (typeof ms !== 'number' || !call.request.data.streaming) return [];
  const time = place.anchor.nanos(Math.min(call.at + ms * 1e6, Math.max(place.end, call.at + 1)));
  return [{ name: 'gen_ai.first_chunk', time, attributes: [] }];
}

/** The application's own span around the request; none where the call, or the turn that it opened, stands below that span. */
function appLinks(call: Call, place: CallPlace, options: SpanOptions): SpanLink[] {
  const parent = options.traceContext === 'ignore' ? undefined : traceParentOf(call.request);
  if (!parent) return [];
  const isAbove = (spanId: string | undefined): boolean => spanId === parent.spanId && place.traceId === parent.traceId;
  if (isAbove(place.parentSpanId) || isAbove(call.turn?.parentSpanId)) return [];
  return [link(parent.traceId, parent.spanId, 'app_trace')];
}
