import { spawn } from 'node:child_process';
import { printable } from '../../base/printable.ts';

/** Of what the command says at last on stderr. */
const MOST_TOLD = 500;
/** The controller's environment may have passwords. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

export type CommandRun = {
  /** The program and its arguments; no shell reads them. */
  readonly words: readonly string[];
  /** For its environment, beside the few variables of ours that it gets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/**
 * Runs a command to its end. After its time, or with the signal, it is killed with everything that it has started.
 * @throws Error that says how it has failed, with the end of what it has said on stderr
 */
export function runCommand({ words, variables, timeoutMs, signal }: CommandRun): Promise<void> {
  const [program = '', ...args] = words;
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  return new Promise((resolve, reject) => {
    // A group of its own, which can be killed as a whole.
    const child = spawn(program, args, {
      cwd: '/',
      detached: true,
      env: { ...passedOn, ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let told = '';
    let killed: string | null = null;
    const kill = (why: string) => {
      killed ??= why;
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(() => kill(`has not ended within ${timeoutMs / 1000} s and was killed`), timeoutMs);
    const abort = () => kill('was killed, since the controller ends');
    signal.addEventListener('abort', abort);
    const settle = (failure: string | null, cause?: unknown) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (failure === null) return resolve();
      const last = printable(told.trim().split('\n').at(-1) ?? '');
      reject(new Error(`${program} ${failure}${last === '' ? '' : `: ${last}`}`, { cause }));
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told = (told + text).slice(-MOST_TOLD);
    });
    child.on('error', (error: NodeJS.ErrnoException) => settle(`cannot be run (${error.code})`, error));
    // Not `close`: something that it has left behind may hold its stderr.
    child.on('exit', (status, endedBy) => {
      if (killed !== null) settle(killed);
      else if (status === 0) settle(null);
      else settle(status === null ? `was ended by ${endedBy}` : `has ended with status ${status}`);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
