export { callSpan } from './spans/call-span.ts';
export { execSpan, fileSpan, foldSpan, networkSpan, pathOf } from './spans/effect-spans.ts';
export type { SpanOptions } from './spans/parts.ts';
export { toolSpan } from './spans/tool-span.ts';
export { turnSpan } from './spans/turn-span.ts';
