import type { Rule } from '../engine/rule.ts';
import { AI_RULES } from './ai.ts';
import { COMMAND_RULES } from './commands.ts';
import { GENERIC_RULES } from './generic.ts';
import { PII_RULES } from './pii.ts';
import { SERVICE_RULES } from './services.ts';

/** The core pack, vendors first: where two rules begin at one place, the first that matches names the finding. */
export function coreRules(options: { readonly pii: boolean }): readonly Rule[] {
  const credentials = [...AI_RULES, ...SERVICE_RULES, ...COMMAND_RULES, ...GENERIC_RULES];
  return options.pii ? [...credentials, ...PII_RULES] : credentials;
}
