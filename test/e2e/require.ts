/** Whether a server must be there: `OISP_REQUIRE` names it, or says `all` (comma-separated). */
export function isRequired(server: string, value = process.env['OISP_REQUIRE'] ?? ''): boolean {
  const names = value.split(',').map((name) => name.trim());
  return names.includes(server) || names.includes('all');
}
