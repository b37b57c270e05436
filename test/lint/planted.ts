// Each line breaks one rule that keeps backpressure honest. test/lint.test.ts runs the linter over this file and wants both found.
async function consume(): Promise<void> {}

export function floating(): void {
  consume();
}

export function misused(): boolean {
  if (consume()) return true;
  return false;
}
