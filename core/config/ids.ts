/** A component id in its parts. */
export interface ComponentId {
  readonly type: string;
  readonly name: string;
  /** `type` or `type/name`, trimmed. */
  readonly id: string;
}

const TYPE = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
const NAME = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/**
 * Splits `type[/name]` at the first slash and trims both sides. The error texts are the Collector's
 * (opentelemetry-collector `component/identifiable.go`).
 */
export function parseId(text: string): ComponentId | { readonly error: string } {
  const slash = text.indexOf('/');
  const type = (slash < 0 ? text : text.slice(0, slash)).trim();
  const name = slash < 0 ? '' : text.slice(slash + 1).trim();
  const where = `in ${JSON.stringify(text)} id:`;
  if (type === '')
    return { error: slash < 0 ? `${where} id must not be empty` : `${where} the part before / should not be empty` };
  if (slash >= 0 && name === '') return { error: `${where} the part after / should not be empty` };
  if (!TYPE.test(type)) return { error: `${where} invalid character(s) in type ${JSON.stringify(type)}` };
  if (name !== '' && !NAME.test(name))
    return { error: `${where} invalid character(s) in name ${JSON.stringify(name)}` };
  return { type, name, id: name === '' ? type : `${type}/${name}` };
}
