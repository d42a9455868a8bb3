import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { DebianHost } from './debian-host.ts';
import { blocksOf, pages, REPOSITORY } from './documentation.ts';

const execute = promisify(execFile);
/** What is made in a checkout. */
const MADE = ['node_modules', 'dist', 'coverage', '.git', '.scratch'];

/** The suite for which docs/installation.md has its block. */
export const SUITE = 'forky';

/** The block of docs/installation.md that leads from an empty Debian to the first call. */
export function installationBlock(): string {
  const page = pages().find(({ name }) => name === 'docs/installation.md');
  const blocks = blocksOf(page?.text ?? '').map(({ text }) => text.trim());
  const block = blocks.find((text) => text.startsWith('apt-get update\n'));
  if (!block) throw new Error('docs/installation.md has no block that begins with apt-get update');
  return block;
}

/** The blocks of docs/backup.md: to save, and to restore. */
export function backupBlocks(): string[] {
  const page = pages().find(({ name }) => name === 'docs/backup.md');
  return blocksOf(page?.text ?? '').map(({ text }) => text.trim());
}

/** The block for a host that gets the package of Debian ready made. */
export function blockWithPackage(): string {
  const lines = installationBlock().split('\n');
  const isOfBuild = (line: string) => line.endsWith(' nodejs npm') || line === './scripts/package';
  const rest = lines.filter((line) => !isOfBuild(line));
  if (rest.length !== lines.length - 2) throw new Error('the block does not build the package in two lines');
  return rest.join('\n');
}

/** A host with Debian and the packages of the block's `apt-get install`, whose installation takes minutes. */
export async function startHost(): Promise<DebianHost> {
  const control = await readFile(`${REPOSITORY}scripts/debian-package/control`, 'utf8');
  const [, depends = ''] = /^Depends: (.*)$/m.exec(control) ?? [];
  const ofPackage = depends.split(', ').map((each) => each.replace(/ \(.*\)$/, ''));
  return DebianHost.start(SUITE, [...new Set(['nodejs', 'npm', ...ofPackage])]);
}

/** Puts the repository on the host, as somebody has it who has just fetched it. */
export async function putCheckout(host: DebianHost, path: string): Promise<void> {
  const excluded = MADE.map((name) => `--exclude=./${name}`).join(' ');
  const copy = `mkdir "$1" && tar -C "$0" ${excluded} -cf - . | tar -C "$1" --no-same-owner -xf -`;
  await execute('sh', ['-c', copy, REPOSITORY, host.pathOf(path)]);
}
