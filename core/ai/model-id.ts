/** Longest id that is looked up. */
const MAX_ID = 300;

/** Folders before a model's name: Gemini and Vertex resource names, Fireworks accounts are part of the id. */
const FOLDERS =
  /^(?:projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/[^/]+\/)?(?:models|foundation-model|inference-profile)\//;
/** Amazon resource names: `arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-...`. */
const ARN = /^arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:/;
/** Inference profiles of Bedrock across regions. */
const REGION = /^(?:us-gov|us|eu|apac|au|jp|ca|sa|global)\.(?=[a-z0-9-]+\.)/;
const DATES = [/[-@]\d{4}-\d{2}-\d{2}$/, /[-@]\d{8}$/, /-\d{4}$/, /-\d{3}$/];

/**
 * The ids under which a model may be known, the surest first: as written; without what a gateway or region adds to it; without the date
 * of its version (`gpt-4o-2024-08-06`, `claude-sonnet-4@20250514`, `anthropic.claude-...-v1:0`). All in lower case.
 */
export function idsOf(id: string): readonly string[] {
  if (id.length === 0 || id.length > MAX_ID) return [];
  const ids = new Set<string>();
  let name = decoded(id).trim().toLowerCase();
  const add = (next: string): void => {
    if (next === '') return;
    name = next;
    ids.add(next);
  };
  add(name);
  add(name.replace(ARN, '').replace(FOLDERS, ''));
  add(name.replace(REGION, ''));
  // `-v1:0`, `:0:200k` of Bedrock; `:nitro`, `:online` of OpenRouter choose a host or add a tool, `:free` is another price
  if (!/:free$|^ft:/.test(name)) add(name.replace(/(?:-v\d+)?(?::[a-z0-9-]+)+$/, ''));
  add(name.replace(/-latest$|@default$/, ''));
  for (const date of DATES) {
    const bare = name.replace(date, '');
    if (bare !== name) {
      add(bare);
      break;
    }
  }
  return [...ids];
}

/** Ids in the path of a URL are percent-encoded. */
function decoded(id: string): string {
  if (!id.includes('%')) return id;
  try {
    return decodeURIComponent(id);
  } catch {
    return id; // it is no encoding then
  }
}
