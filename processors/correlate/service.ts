import {
  applicationOf,
  baseName,
  isRuntime,
  type OispEvent,
  productOf,
  type Resource,
  scriptName,
  uuidOf,
} from '../../core/index.ts';
import { Attributes } from './attributes.ts';
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

const ARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', i686: 'x86', arm: 'arm32' };

/** The resource of one agent process on one host: nothing in it changes between runs of the collector. */
export function resourceOf(service: string, event: OispEvent, proc: Proc, namespace: string): Resource {
  const { host } = event;
  const hostId = hostIdOf(event);
  return {
    attributes: new Attributes()
      .text('service.name', service)
      .text('service.namespace', namespace)
      .text('service.version', event.app?.version)
      .text('service.instance.id', uuidOf(hostId, proc.pid, proc.startTime ?? ''))
      .text('host.id', host?.device_id)
      .text('host.name', host?.hostname)
      .text('host.arch', host?.arch && (ARCH[host.arch] ?? host.arch))
      .text('os.type', host?.os === 'other' ? undefined : host?.os)
      .text('os.version', host?.os_version).list,
  };
}

/** What tells hosts apart. */
export function hostIdOf(event: OispEvent): string {
  return event.host?.device_id ?? event.host?.hostname ?? '';
}
