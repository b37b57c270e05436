import type { Attribute } from '../../core/index.ts';

/** Collects typed attributes; what is undefined or empty is left out. */
export class Attributes {
  readonly list: Attribute[] = [];

  text(key: string, value: unknown): this {
    if (typeof value === 'string' && value !== '') this.list.push({ key, type: 'string', value });
    return this;
  }

  int(key: string, value: unknown): this {
    if (typeof value === 'number' && Number.isFinite(value))
      this.list.push({ key, type: 'int', value: Math.trunc(value) });
    return this;
  }

  double(key: string, value: unknown): this {
    if (typeof value === 'number' && Number.isFinite(value)) this.list.push({ key, type: 'double', value });
    return this;
  }

  flag(key: string, value: unknown): this {
    if (typeof value === 'boolean') this.list.push({ key, type: 'bool', value });
    return this;
  }

  texts(key: string, value: unknown): this {
    if (Array.isArray(value) && value.length > 0) this.list.push({ key, type: 'strings', value: value.map(String) });
    return this;
  }

  /** Content: any JSON value. What of it leaves, and in which form, is decided where the span does. */
  any(key: string, value: unknown): this {
    if (value !== undefined && value !== '') this.list.push({ key, type: 'any', value });
    return this;
  }
}
