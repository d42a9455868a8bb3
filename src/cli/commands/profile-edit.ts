import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, unlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { ConfigError } from '../../config/errors.ts';
import { hiddenBeside } from '../../config/profile-write.ts';
import { readProfileFile } from '../../config/read-profiles.ts';
import { formatProblem, type Problem } from '../../yaml/yaml-document.ts';
import { UsageError } from '../options/errors.ts';
import { directoryOf, type ProfileOptions } from './profile.ts';
import { type Judgement, judge, type OpenedProfile, openProfile, putInPlace } from './profile-change.ts';

export type EditDeps = {
  env: NodeJS.ProcessEnv;
  /** Asks the person at the terminal, who may answer nothing or end the input (null); null without a terminal. */
  ask: ((question: string) => Promise<string | null>) | null;
};

/** Lines that tell of mistakes begin so, and are taken out again. */
const REMARK = '#! ';

/**
 * `rostrum profile edit`: edits a copy, which replaces the profile only when it is valid together with all others.
 * @throws ConfigError if it is not, and nobody is there to correct it; UsageError without an editor
 */
export async function edit(name: string, options: ProfileOptions, deps: EditDeps = terminal()): Promise<void> {
  const opened = await openProfile(await directoryOf(options), name);
  const editor = await findEditor(deps.env);
  // Beside the others, so that the editor finds the schema that the first line names; with its suffix, for colours.
  const copy = hiddenBeside(opened.path, '.yaml');
  await writeFile(copy, opened.text, { mode: 0o600, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`${copy}: cannot be written (${cause.code})`, { cause });
  });
  let keep = false;
  try {
    const edited = await editUntilValid(opened, copy, editor, deps);
    if (!edited) {
      process.stdout.write(`${opened.path}: unchanged\n`);
      return;
    }
    keep = true;
    await putInPlace(opened, edited.text, edited.judged);
    keep = false;
  } catch (error) {
    if (keep) throw new ConfigError(`${(error as Error).message}; your text is in ${copy}`, { cause: error });
    throw error;
  } finally {
    if (!keep) await unlink(copy).catch(() => {});
  }
}

type Edited = { text: string; judged: Judgement & { ok: true } };

/** @returns null if nothing is different */
async function editUntilValid(
  opened: OpenedProfile,
  copy: string,
  editor: string,
  { ask }: EditDeps,
): Promise<Edited | null> {
  for (;;) {
    await run(editor, copy);
    const { text, problem } = await readCopy(opened, copy);
    if (text === opened.text) return null;
    const judged: Judgement = problem ? { ok: false, problems: [problem] } : judge(opened, text);
    if (judged.ok) return { text, judged };
    if (!ask) throw new ConfigError(`${judged.problems.map(formatProblem).join('\n')}\n${opened.path} stays as it was`);
    process.stderr.write(`${judged.problems.map(formatProblem).join('\n')}\n`);
    if (!problem) await writeFile(copy, withRemarks(text, opened.path, judged.problems));
    if (await isAbandoned(ask)) throw new ConfigError(`abandoned; ${opened.path} stays as it was`);
  }
}

/** Only a clear answer throws an edit away: Enter alone, or a word that means nothing, does not. */
async function isAbandoned(ask: NonNullable<EditDeps['ask']>): Promise<boolean> {
  const answer = await ask('Enter to edit again, a to abandon your text: ');
  return answer === null || /^a(bandon)?$/i.test(answer.trim());
}

/** @returns the text without remarks, or why there is none */
async function readCopy(opened: OpenedProfile, copy: string): Promise<{ text: string; problem: Problem | null }> {
  const read = await readProfileFile(copy);
  if (read && 'text' in read) return { text: withoutRemarks(read.text), problem: null };
  const gone = { line: 0, column: 0, path: '', message: 'the copy has been removed' };
  return { text: '', problem: { ...(read ? read.unreadable : gone), file: opened.path } };
}

/** Puts each mistake below its line, and those in other files on top. */
function withRemarks(text: string, path: string, problems: readonly Problem[]): string {
  const lines = text.split('\n');
  const here = problems.filter(({ file, line }) => file === path && line > 0);
  const elsewhere = problems.filter((problem) => !here.includes(problem));
  for (const problem of here.toReversed()) {
    const at = Math.min(problem.line, lines.length);
    const indent = /^\s*/.exec(lines[at - 1] ?? '')?.[0] ?? '';
    const { path: key, message } = problem;
    lines.splice(at, 0, `${indent}${REMARK}${key === '' ? message : `${key}: ${message}`}`);
  }
  return [...elsewhere.map((problem) => REMARK + formatProblem(problem)), ...lines].join('\n');
}

function withoutRemarks(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith(REMARK))
    .join('\n');
}

/** @throws ConfigError if the editor says that it failed */
async function run(editor: string, path: string): Promise<void> {
  // Ctrl-C is for the editor, which shares the terminal.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    // As git does it: the variable may have arguments in it.
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, path], { stdio: 'inherit' });
    const status = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    if (status !== 0) throw new ConfigError(`the editor "${editor}" ended with ${status}; nothing was changed`);
  } finally {
    process.off('SIGINT', ignore);
  }
}

async function findEditor(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env['VISUAL'] || env['EDITOR'];
  if (named) return named;
  for (const name of ['vi', 'nano']) {
    for (const directory of (env['PATH'] ?? '').split(delimiter)) {
      const found = await access(join(directory, name), constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return name;
    }
  }
  throw new UsageError('no editor: set EDITOR');
}

function terminal(): EditDeps {
  const { stdin, stderr } = process;
  const ask = (question: string) =>
    new Promise<string | null>((resolve) => {
      const lines = createInterface({ input: stdin, output: stderr });
      // The end of input is an answer too.
      lines.once('close', () => resolve(null));
      void lines.question(question).then((answer) => {
        resolve(answer);
        lines.close();
      });
    });
  return { env: process.env, ask: stdin.isTTY && stderr.isTTY ? ask : null };
}
