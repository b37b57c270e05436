/** Whether a tool must be there: `OISP_REQUIRE` names it, or says `all` (comma-separated). */
export function isRequired(tool: string, value = process.env['OISP_REQUIRE'] ?? ''): boolean {
  const names = value.split(',').map((name) => name.trim());
  return names.includes(tool) || names.includes('all');
}

/**
 * Whether tests that need something are skipped. Says so in one line; where the thing is required nothing is skipped, and the tests fail.
 */
export function skipsWithout(tool: string, isThere: boolean, remedy: string): boolean {
  if (isThere || isRequired(tool)) return false;
  console.log(`skipped, ${tool} is not there: ${remedy}`);
  return true;
}

/** The same for data beside the repository, which a clone need not have: never required. */
export function skipsWithoutData(what: string, isThere: boolean): boolean {
  if (!isThere) console.log(`skipped, ${what} is not there`);
  return !isThere;
}

/** The same for what a platform or the place of the clone rules out. */
export function skipsWhere(isRuledOut: boolean, why: string): boolean {
  if (isRuledOut) console.log(`skipped, ${why}`);
  return isRuledOut;
}
