import type { Source } from './node.ts';
import type { Problems } from './problem.ts';

const SECRET_KEY = /(?:token|secret|password|passwd|passphrase|key|auth|cookie|credential|header|bearer|pem)/i;

/**
 * Hides from frames what looks like a secret in a text that is no YAML: there no schema says which values are. A value is hidden when
 * its line has a key that sounds like one, or follows such a line deeper indented; with `whole`, everything is hidden.
 */
export function hideLikelySecrets(source: Source, problems: Problems, whole = false): void {
  if (whole) {
    problems.hide({ source, start: 0, end: source.text.length });
    return;
  }
  let start = 0;
  let below = Number.POSITIVE_INFINITY;
  for (const line of source.text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    const sounds = SECRET_KEY.exec(line);
    if (line.trim() !== '' && indent > below) {
      problems.hide({ source, start: start + indent, end: start + line.length });
    } else {
      if (line.trim() !== '') below = Number.POSITIVE_INFINITY;
      if (sounds !== null) {
        below = indent;
        const colon = line.indexOf(':', sounds.index);
        if (colon >= 0) problems.hide({ source, start: start + colon + 1, end: start + line.length });
      }
    }
    start += line.length + 1;
  }
}
