export const TURNS: number;
export const AGENTS: number;
/** Files that agent `a` reads, below the folder of the project. */
export function inputs(a: number): string[];
