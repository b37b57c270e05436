import type { OispEvent } from '../event/types.ts';
import { AttributeList } from './attribute-list.ts';
import type { Attribute } from './span.ts';

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** x86_64 and its like, by the names of `host.arch` (semantic conventions 1.41). */
const ARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', i686: 'x86', arm: 'arm32' };

/** The host, its cloud, container and cluster (semantic conventions 1.41, resource). */
export function hostAttributes({ host, process }: OispEvent): Attribute[] {
  const list = new AttributeList();
  const cloud = fieldsOf(host?.['cloud']);
  const container = fieldsOf(host?.['container']);
  const k8s = fieldsOf(host?.['k8s']);
  list.string('host.id', host?.device_id ?? cloud['instance_id']);
  list.string('host.name', host?.hostname);
  list.string('host.arch', host?.arch === undefined ? undefined : (ARCH[host.arch] ?? host.arch));
  list.string('host.type', cloud['instance_type']);
  list.string('os.type', host?.os === 'other' ? undefined : host?.os);
  list.string('os.version', host?.os_version);
  list.string('oisp.os.kernel', host?.kernel_version);
  list.string('cloud.provider', cloud['provider']);
  list.string('cloud.region', cloud['region']);
  list.string('container.id', container['id'] ?? process?.['container_id']);
  list.string('container.name', container['name']);
  image(list, container['image']);
  list.string('container.runtime.name', container['runtime']);
  list.string('k8s.cluster.name', k8s['cluster_name']);
  list.string('k8s.namespace.name', k8s['namespace']);
  list.string('k8s.node.name', k8s['node_name']);
  list.string('k8s.pod.name', k8s['pod_name']);
  list.string('k8s.pod.uid', k8s['pod_uid']);
  list.string('k8s.deployment.name', k8s['deployment']);
  for (const [label, value] of Object.entries(fieldsOf(k8s['labels'])).slice(0, MAX_LABELS)) {
    list.string(`k8s.pod.label.${label}`, value);
  }
  list.bool('oisp.host.managed', host?.['managed']);
  list.strings('oisp.host.tags', host?.['tags']);
  return list.attributes;
}

const MAX_LABELS = 32;

/** What an application registry says of the program that talks to models. */
export function appAttributes({ app }: OispEvent): Attribute[] {
  const list = new AttributeList();
  list.string('oisp.app.vendor', app?.vendor);
  list.string('oisp.app.category', app?.['category']);
  list.string('oisp.app.tier', app?.['tier']);
  list.string('oisp.app.bundle_id', app?.['bundle_id']);
  list.string('oisp.app.type', app?.['type']);
  list.string('oisp.app.subscription', app?.['subscription']);
  list.bool('oisp.app.is_ai_app', app?.['is_ai_app']);
  list.bool('oisp.app.is_ai_host', app?.['is_ai_host']);
  return list.attributes;
}

/** `registry:5000/name:tag` as name and tags; the colon of a port is none of a tag. */
function image(list: AttributeList, value: unknown): void {
  if (typeof value !== 'string') return;
  const [, name = value, tag] = /^(.*?)(?::([\w.-]+))?(?:@.*)?$/.exec(value) ?? [];
  list.string('container.image.name', name);
  if (tag !== undefined) list.strings('container.image.tags', [tag]);
}
