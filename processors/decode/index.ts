import { type ConfigOf, checkProviders, defineProcessor, type Flow } from '../../core/index.ts';
import { flavours } from './flavours/index.ts';
import { DecodeProcessor } from './processor.ts';
import { schema } from './schema.ts';

export {
  type CallHead,
  type CallMatch,
  defineFlavour,
  type Flavour,
  type NormalRequest,
  type NormalResponse,
  type StreamReader,
} from './flavour.ts';

function checkHashKey({ hash_key }: ConfigOf<typeof schema>): ReturnType<typeof checkProviders> {
  if (hash_key === undefined || hash_key.length >= 16) return [];
  const message = 'the key has less than 16 characters';
  return [{ path: ['hash_key'], message, hint: 'make one with `openssl rand -hex 32`' }];
}

/** Turns captured plaintext bytes into OISP events. */
export const decodeProcessor = defineProcessor({
  type: 'decode',
  summary: 'Turns captured bytes of AI traffic into OISP events: model calls, tool calls, tool results.',
  stability: 'alpha',
  schema,
  check: (config) => [...checkProviders(config), ...checkHashKey(config)],
  flow: (incoming) => {
    const out = new Set<Flow>(incoming);
    if (out.delete('capture')) out.add('events');
    return out;
  },
  create: (context, config, next) => new DecodeProcessor(context, config, next, flavours),
});
