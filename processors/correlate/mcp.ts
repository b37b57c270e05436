import type { ToolState } from './state.ts';

/**
 * How well a tool call that the model asked for fits a `tools/call` on the wire: 0 not at all. Clients name the tools of a server by its name
 * and theirs (`mcp__db__query`, `db_query`, `db.query`) or by theirs alone; the arguments are passed on as they are.
 */
export function mcpFit(
  tool: ToolState,
  wireName: string,
  server: string | undefined,
  args: string | undefined,
): number {
  const { name } = tool;
  if (!name.endsWith(wireName)) return 0;
  const prefix = name.slice(0, name.length - wireName.length);
  if (prefix !== '' && !/[^A-Za-z0-9]$/.test(prefix)) return 0;
  const isServer = server !== undefined && isNamed(plain(prefix), plain(server));
  return 1 + (args !== undefined && tool.keys.args === args ? 2 : 0) + (isServer ? 4 : 0);
}

/** Whether a prefix names a server: it ends with its name, or is how its name begins (`db_query` of a server `db-v2`). */
function isNamed(prefix: string, server: string): boolean {
  return prefix !== '' && server !== '' && (prefix.endsWith(server) || server.startsWith(prefix));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
