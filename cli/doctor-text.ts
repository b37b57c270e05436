import { basename } from 'node:path';
import { columnsOf, padEnd, printable } from '../exporters/debug/text.ts';
import type { Check } from '../receivers/ebpf/doctor/machine.ts';
import type { ProcessReport } from '../receivers/ebpf/doctor/processes.ts';

/** What was found out. */
export interface Diagnosis {
  /** Nothing that is needed is missing. */
  readonly isWell: boolean;
  /** Processes were named; else known AI applications are listed. */
  readonly isChosen: boolean;
  readonly checks: readonly Check[];
  readonly reports: readonly ProcessReport[];
  /** Pids that were named and do not run. */
  readonly gone: readonly number[];
}

/** For people: a line for each check and each process, remedies below. Safe to print. */
export function doctorText({ isWell, isChosen, checks, reports, gone }: Diagnosis): string {
  const lines = ['Machine'];
  const width = Math.max(...checks.map(({ id }) => id.length));
  for (const { status, id, text, remedy } of checks) lines.push(...lineOf(status, padEnd(id, width), text, remedy));
  lines.push('', isChosen ? 'Processes' : 'Processes of known AI applications (others: -p PID, -c NAME)');
  const cells = reports.map((report) => [String(report.pid), printable(report.name), report.app ?? '-']);
  const widths = [0, 1, 2].map((i) => Math.max(...cells.map((line) => columnsOf(line[i] ?? ''))));
  for (const [n, report] of reports.entries()) {
    const head = (cells[n] ?? []).map((cell, i) => padEnd(cell, widths[i] ?? 0)).join('  ');
    const remedies = report.unseen.flatMap(({ what, remedy }) => (remedy === undefined ? [] : [`${what}: ${remedy}`]));
    lines.push(...lineOf(report.status, head, processText(report), remedies.join('; ') || undefined));
  }
  for (const pid of gone) lines.push(...lineOf('fail', String(pid), 'does not run'));
  if (reports.length + gone.length === 0) lines.push('  none');
  const failed = [...checks, ...reports].filter(({ status }) => status === 'fail').length + gone.length;
  lines.push('', isWell ? 'Capture works.' : `Not everything can be captured: ${failed} failed.`);
  return `${lines.join('\n')}\n`;
}

const INDENT = ' '.repeat(8);

function lineOf(status: string, head: string, text: string, remedy?: string): string[] {
  const line = `  ${status.padEnd(4)}  ${head}  ${printable(text)}`;
  return remedy === undefined ? [line] : [line, `${INDENT}-> ${printable(remedy)}`];
}

function processText({ seen, unseen }: ProcessReport): string {
  const parts = seen.map(
    ({ library, version, file }) => `plaintext: ${library}${version ? ` ${version}` : ''} in ${basename(file)}`,
  );
  return [...parts, ...unseen.map(({ what, why }) => `not seen: ${what} (${why})`)].join('; ');
}

/** For programs: one object. */
export function doctorJson({ isWell, checks, reports, gone }: Diagnosis): string {
  const processes = reports.map(({ pid, name, app, exe, status, seen, unseen }) => ({
    ...{ pid, name, app, exe, status, seen, unseen },
  }));
  return `${JSON.stringify({ ok: isWell, checks, processes, not_running: gone }, undefined, 2)}\n`;
}
