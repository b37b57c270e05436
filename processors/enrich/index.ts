import { defineProcessor } from '../../core/index.ts';
import { thisMachine } from './machine.ts';
import { EnrichProcessor } from './processor.ts';
import { schema } from './schema.ts';

export const enrichProcessor = defineProcessor({
  type: 'enrich',
  summary: 'Fills in what events lack and is known: host, user, parents of a process, application.',
  stability: 'alpha',
  schema,
  flow: (incoming) => incoming,
  create: (context, config, next) => new EnrichProcessor(context, config, next, thisMachine()),
});
