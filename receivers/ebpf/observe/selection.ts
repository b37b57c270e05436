import { basename } from 'node:path';
import { appOf, appOfFile, isRuntime, packageOf, scriptIn, scriptName } from '../../../core/index.ts';
import type { Config } from '../config.ts';
import type { Process } from './processes.ts';

/** Whether a process is one to observe on its own account, by what it runs. `comm` is the kernel's name of it, where it is known. */
export function isSelected(config: Pick<Config, 'scope' | 'comms'>, process: Process, comm?: string): boolean {
  const file = basename(process.exe);
  const names = [file, file.slice(0, 15), ...(comm === undefined ? [] : [comm])];
  if (config.comms.some((wanted) => names.includes(wanted))) return true;
  if (config.scope !== 'registry') return false;
  return isKnownApp(process);
}

/** Whether a process is an agent program that the registry knows: by its executable, or by the script or package that a runtime runs. */
function isKnownApp({ exe, args, cwd }: Process): boolean {
  const file = basename(exe);
  if (appOfFile(file) !== undefined) return true;
  const script = scriptIn(args);
  if (script !== undefined && 'path' in script) {
    if (appOf(packageOf(script.path)) !== undefined) return true;
    // the command itself, where it is a script: `#!/usr/bin/env node`
    if (isRuntime(file) || isRuntime(basename(args[0] ?? ''))) {
      if (appOfFile(basename(script.path)) !== undefined) return true;
    }
  }
  return isRuntime(file) && appOf(scriptName(args, cwd)) !== undefined;
}
