import {
  appAttributes,
  applicationOf,
  baseName,
  hostAttributes,
  isRuntime,
  type OispEvent,
  productOf,
  type Resource,
  schemaUrlOf,
  scriptName,
  uuidOf,
} from '../../core/index.ts';
import { Attributes } from './attributes.ts';
import { bounded } from './fit.ts';
import type { CorrelateOptions } from './options.ts';
import type { Proc } from './state.ts';

/**
 * The name of the program that talks to models: what the application registry says, the user agent's product, the script or package, the
 * executable; a runtime's own name only when nothing better is known.
 */
export function serviceName(event: OispEvent, proc: Proc): string {
  const named = event.app?.app_id ?? event.app?.name;
  if (named) return named;
  const agent = productOf(event.attrs?.['user_agent.original']);
  const exe = baseName(proc.info.exe ?? event.process?.exe ?? proc.info.name ?? event.process?.name ?? '');
  const argv = proc.argv ?? event.process?.cmdline_args;
  const isRun = isRuntime(exe) || exe === '';
  const script = argv && isRun ? scriptName(argv, event.process?.cwd ?? proc.info.cwd) : undefined;
  const known = applicationOf(agent) ?? applicationOf(script) ?? (isRun ? undefined : applicationOf(exe));
  return known ?? agent ?? script ?? (exe || 'unknown');
}

/** The resource of one agent process on one host: nothing in it changes between runs of the collector. */
export function resourceOf(
  service: string,
  event: OispEvent,
  proc: Proc,
  {
    serviceNamespace,
    semconv,
    maxAttributeBytes,
  }: Pick<CorrelateOptions, 'serviceNamespace' | 'semconv' | 'maxAttributeBytes'>,
): Resource {
  const { list } = new Attributes()
    .text('service.name', service)
    .text('service.namespace', serviceNamespace)
    .text('service.version', event.app?.version)
    .text('service.instance.id', uuidOf(hostIdOf(event), proc.pid, proc.startTime ?? ''));
  const attributes = [...list, ...hostAttributes(event), ...appAttributes(event)];
  return {
    attributes: attributes.map((a) => bounded(a, maxAttributeBytes)),
    ...(semconv === 'genai-next' && { schemaUrl: schemaUrlOf(semconv) }),
  };
}

/** What tells hosts apart. */
export function hostIdOf(event: OispEvent): string {
  return event.host?.device_id ?? event.host?.hostname ?? '';
}
