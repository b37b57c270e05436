import { createHmac } from 'node:crypto';
import type { Matcher } from '../../../core/index.ts';

/**
 * What stands for a credential: `hmac-sha256:` and 64 hex digits, keyed, so that one key has one hash on one installation and nobody can
 * look for keys by their hashes. Under `key` hashes stay the same after a restart.
 */
export function credentialHash(matcher: Matcher, key: string | undefined): (secret: string) => string {
  if (key === undefined) return (secret) => matcher.hashOf(secret);
  return (secret) => `hmac-sha256:${createHmac('sha256', key).update(`k\0${secret}`).digest('hex')}`;
}
