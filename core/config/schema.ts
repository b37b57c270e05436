/**
 * The dialect in which components describe their config: a small part of JSON Schema 2020-12 with formats of ours. One literal gives
 * validation, defaults, TypeScript types, docs and editor help.
 *
 * - `format: duration`: text as Go writes durations (`1.5s`, `200ms`); the config holds milliseconds.
 * - `format: size`: `64MiB`, `20MB` or a number of bytes; the config holds bytes.
 * - `format: path`: a path; relative ones are taken from the working directory.
 * - `format: opaque`: a secret: never printed.
 */
export type ConfigSchema = ObjectSchema;

interface Described {
  readonly description?: string;
  readonly deprecated?: boolean;
}

export interface StringSchema extends Described {
  readonly type: 'string';
  readonly enum?: readonly string[];
  readonly format?: 'path' | 'url' | 'opaque' | 'regex';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly default?: string;
}

export interface DurationSchema extends Described {
  readonly type: 'string';
  readonly format: 'duration';
  readonly default?: string;
}

export interface SizeSchema extends Described {
  readonly type: 'string';
  readonly format: 'size';
  readonly default?: string;
}

export interface NumberSchema extends Described {
  readonly type: 'integer' | 'number';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly default?: number;
}

export interface BooleanSchema extends Described {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface ArraySchema extends Described {
  readonly type: 'array';
  readonly items: AnySchema;
  readonly minItems?: number;
  readonly default?: readonly unknown[];
}

/** Fixed keys. Unknown keys are errors. An object without `default` is filled from the defaults of its properties. */
export interface ObjectSchema extends Described {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, AnySchema>>;
  readonly required?: readonly string[];
}

/** Free keys, all of one kind. */
export interface MapSchema extends Described {
  readonly type: 'object';
  readonly additionalProperties: AnySchema;
  readonly default?: Readonly<Record<string, unknown>>;
}

export type AnySchema =
  | StringSchema
  | DurationSchema
  | SizeSchema
  | NumberSchema
  | BooleanSchema
  | ArraySchema
  | ObjectSchema
  | MapSchema;

/** The type of a decoded config: defaults are there, durations are milliseconds, sizes are bytes. Of an unknown schema: any keys. */
export type ConfigOf<S> = ConfigSchema extends S ? Readonly<Record<string, unknown>> : Decoded<S>;

type Decoded<S> = S extends {
  readonly properties: infer P;
  readonly required: infer R extends readonly string[];
}
  ? Fields<P, R[number]>
  : S extends { readonly properties: infer P }
    ? Fields<P, never>
    : S extends { readonly additionalProperties: infer V }
      ? Readonly<Record<string, ConfigOf<V>>>
      : S extends { readonly type: 'array'; readonly items: infer I }
        ? readonly ConfigOf<I>[]
        : S extends { readonly format: 'duration' | 'size' }
          ? number
          : S extends { readonly enum: readonly (infer E)[] }
            ? E
            : S extends { readonly type: 'string' }
              ? string
              : S extends { readonly type: 'integer' | 'number' }
                ? number
                : S extends { readonly type: 'boolean' }
                  ? boolean
                  : never;

type Fields<P, R> = {
  readonly [K in keyof P as IsThere<P[K], K, R> extends true ? K : never]: ConfigOf<P[K]>;
} & {
  readonly [K in keyof P as IsThere<P[K], K, R> extends true ? never : K]?: ConfigOf<P[K]>;
};

/** Required, or with a default, or an object with fixed keys: always there after decoding. */
type IsThere<S, K, R> = K extends R
  ? true
  : S extends { readonly default: unknown }
    ? true
    : S extends { readonly properties: unknown }
      ? true
      : false;
