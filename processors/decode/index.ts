import { checkProviders, defineProcessor, type Flow } from '../../core/index.ts';
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

/** Turns captured plaintext bytes into OISP events. */
export const decodeProcessor = defineProcessor({
  type: 'decode',
  summary: 'Turns captured bytes of AI traffic into OISP events: model calls, tool calls, tool results.',
  stability: 'alpha',
  schema,
  check: checkProviders,
  flow: (incoming) => {
    const out = new Set<Flow>(incoming);
    if (out.delete('capture')) out.add('events');
    return out;
  },
  create: (context, config, next) => new DecodeProcessor(context, config, next, flavours),
});
