/** The public door of core: the only file of core that components and plugins import. */
export * from './ai/cost.ts';
export { DEFAULT_REGISTRY } from './ai/default-registry.ts';
export { isHostProblem, readHost } from './ai/host-table.ts';
export * from './ai/model-call.ts';
export type * from './ai/provider.ts';
export * from './ai/provider-config.ts';
export { type ReadProviders, readProviders } from './ai/provider-file.ts';
export { ProviderRegistry } from './ai/registry.ts';
export * from './batch.ts';
export * from './clock.ts';
export * from './component.ts';
export {
  formatDuration,
  formatProblem,
  formatSize,
  loadConfig,
  printConfig,
} from './config/index.ts';
export * from './config/schema.ts';
export { nearest } from './config/suggest.ts';
export type * from './config/types.ts';
export * from './errors.ts';
export * from './event/applications.ts';
export { type Checked, checkEvent, isDeeper, MAX_EVENT_DEPTH } from './event/border.ts';
export * from './event/ids.ts';
export * from './event/match.ts';
export { canonical, collapse, createMatcher } from './event/matcher.ts';
export * from './event/program-names.ts';
export * from './event/shell.ts';
export * from './event/time.ts';
export * from './event/types.ts';
export { baseName, isShell } from './event/wrappers.ts';
export * from './export/backoff.ts';
export * from './export/config.ts';
export * from './export/counts.ts';
export * from './export/queued.ts';
export * from './export/sender.ts';
export * from './export/store.ts';
export * from './glob.ts';
export { type RetryOptions, retry } from './graph/retry.ts';
export { eachOnce, goesOn, ListMemo, originOf } from './growing.ts';
export type { FrameHandler } from './http2/frame-handler.ts';
export { FLAG, FRAME, type Peer, PREFACE } from './http2/frame-head.ts';
export * from './http2/frame-reader.ts';
export * from './http2/frame-scanner.ts';
export * from './http2/hpack.ts';
export * from './log.ts';
export { Memo } from './memo.ts';
export { merged } from './merged.ts';
export * from './otel/encoder.ts';
export { DETAILS_EVENT, type DetailsData } from './otel/event-attributes.ts';
export * from './otel/events.ts';
export * from './otel/json.ts';
export * from './otel/protobuf.ts';
export * from './otel/resource.ts';
export * from './otel/semconv.ts';
export * from './otel/span.ts';
export * from './receipt.ts';
export * from './service/index.ts';
export * from './telemetry/meter.ts';
export * from './telemetry/metrics.ts';
export * from './telemetry/report.ts';
export { BUILD } from './version.ts';
