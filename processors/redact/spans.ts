import type { Attribute, Resource, SpanRecord } from '../../core/index.ts';
import { redactArgv, redactCommandLine } from './argv.ts';
import type { Engine } from './engine/engine.ts';
import type { Mode } from './redactor.ts';
import { isPlaceholder, labelFor, secretKey } from './secret-keys.ts';

/** Attributes that hold content: OpenTelemetry's (semantic conventions 1.41, gen-ai), older forms of them, OpenInference's. */
const CONTENT =
  /^(?:gen_ai\.(?:input\.messages|output\.messages|system_instructions|tool\.(?:definitions|description|call\.(?:arguments|result))|prompt|completion|retrieval\.(?:documents|query\.text)|evaluation\.explanation)|llm\.(?:input_messages|output_messages|prompts|tools|invocation_parameters)|tool\.(?:parameters|description)|(?:input|output)\.value|exception\.(?:message|stacktrace)|retrieval\.documents|embedding\.embeddings)(?:\.|$)/;
const MINIMAL =
  /^(?:process\.(?:working_directory|environment_variable)|url\.(?:full|path|query)|file\.directory|http\.(?:request|response)\.header|user_agent|oisp\.file\.(?:old_path|target))(?:\.|$)/;
const PATHS = /^(?:file\.(?:path|name)|process\.script_path)$/;

/** Redacts spans that were made before: content attributes and secrets in texts. Equal resources stay equal by identity. */
export class SpanRedactor {
  readonly #engine: Engine;
  readonly #mode: Mode;
  readonly #found: (type: string, count: number) => void;
  readonly #resources = new WeakMap<Resource, Resource>();

  constructor(engine: Engine, mode: Mode, found: (type: string, count: number) => void) {
    this.#engine = engine;
    this.#mode = mode;
    this.#found = found;
  }

  /** The same span when nothing had to go. Throws when it cannot. */
  redact(span: SpanRecord): SpanRecord {
    const attributes = this.#attributes(span.attributes);
    const resource = this.#resource(span.resource);
    const name = this.#text(span.name);
    const events = same(span.events, (e) => {
      const inner = this.#attributes(e.attributes);
      return inner === e.attributes ? e : { ...e, attributes: inner };
    });
    const links = same(span.links, (l) => {
      const inner = this.#attributes(l.attributes);
      return inner === l.attributes ? l : { ...l, attributes: inner };
    });
    const before = span.status?.message;
    const message = before === undefined ? undefined : this.#text(before);
    if (
      attributes === span.attributes &&
      resource === span.resource &&
      name === span.name &&
      events === span.events &&
      links === span.links &&
      message === before
    ) {
      return span;
    }
    return {
      ...span,
      name,
      attributes,
      resource,
      ...(events === undefined ? {} : { events }),
      ...(links === undefined ? {} : { links }),
      ...(message === undefined ? {} : { status: { code: 'error', message } }),
    };
  }

  #resource(resource: Resource): Resource {
    let known = this.#resources.get(resource);
    if (known === undefined) {
      const attributes = this.#attributes(resource.attributes);
      known = attributes === resource.attributes ? resource : { ...resource, attributes };
      this.#resources.set(resource, known);
    }
    return known;
  }

  #attributes(list: readonly Attribute[]): readonly Attribute[] {
    let out: Attribute[] | undefined;
    for (const [i, attribute] of list.entries()) {
      const after = this.#attribute(attribute);
      if (after === attribute) {
        out?.push(attribute);
        continue;
      }
      out ??= list.slice(0, i);
      if (after !== undefined) out.push(after);
    }
    return out ?? list;
  }

  #attribute(attribute: Attribute): Attribute | undefined {
    if (attribute.type !== 'string' && attribute.type !== 'strings') return attribute;
    const { key } = attribute;
    if (this.#mode !== 'full' && CONTENT.test(key)) return undefined;
    if (this.#mode === 'minimal' && (MINIMAL.test(key) || key === 'process.command_line')) return undefined;
    if (attribute.type === 'string') {
      const value = this.#mode === 'minimal' && PATHS.test(key) ? '[PATH_REDACTED]' : this.#value(key, attribute.value);
      return value === attribute.value ? attribute : { ...attribute, value };
    }
    const value = this.#list(key, attribute.value);
    return value === attribute.value ? attribute : { ...attribute, value };
  }

  #list(key: string, values: readonly string[]): readonly string[] {
    if (key === 'process.command_args') {
      const args = this.#mode === 'minimal' && values.length > 1 ? values.slice(0, 1) : values;
      return redactArgv(args, this.#line, this.#password);
    }
    return same(values, (value) => this.#value(key, value)) ?? values;
  }

  #value(key: string, value: string): string {
    const kind = secretKey(key.slice(key.lastIndexOf('.') + 1));
    if (kind !== undefined && !isPlaceholder(value)) {
      const label = labelFor(kind, value);
      if (label !== value) this.#found(kind, 1);
      return label;
    }
    return key === 'process.command_line' ? this.#line(value) : this.#text(value);
  }

  readonly #line = (line: string): string => redactCommandLine(line, this.#text, this.#password);

  readonly #password = (): void => this.#found('password', 1);

  readonly #text = (text: string): string => {
    if (text.length < 6) return text;
    const { text: after, findings } = this.#engine.replace(text);
    for (const { rule } of findings) this.#found(rule.type, 1);
    return after;
  };
}

/** `map` that gives the same list when nothing changed. */
function same<T>(list: readonly T[] | undefined, change: (value: T) => T): readonly T[] | undefined {
  let out: T[] | undefined;
  list?.forEach((value, i) => {
    const after = change(value);
    if (after !== value) {
      out ??= list.slice();
      out[i] = after;
    }
  });
  return out ?? list;
}
