import type { Attribute } from './span.ts';

/** Collects attributes; a value of another kind than expected is left out, because events may be foreign. */
export class AttributeList {
  readonly attributes: Attribute[] = [];

  has(key: string): boolean {
    return this.attributes.some((attribute) => attribute.key === key);
  }

  string(key: string, value: unknown): void {
    if (typeof value === 'string' && value !== '') this.attributes.push({ key, type: 'string', value });
  }
  strings(key: string, value: unknown): void {
    if (!Array.isArray(value)) return;
    const texts = value.filter((one): one is string => typeof one === 'string');
    if (texts.length > 0) this.attributes.push({ key, type: 'strings', value: texts });
  }
  int(key: string, value: unknown): void {
    if (typeof value !== 'number' || !Number.isFinite(value)) return;
    this.attributes.push({ key, type: 'int', value: Math.round(value) });
  }
  double(key: string, value: unknown): void {
    if (typeof value === 'number' && Number.isFinite(value)) this.attributes.push({ key, type: 'double', value });
  }
  bool(key: string, value: unknown): void {
    if (typeof value === 'boolean') this.attributes.push({ key, type: 'bool', value });
  }
}
