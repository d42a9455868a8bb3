import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type ProcessUser, parseProcessUser } from '../../base/file-rights.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import type { FileOnDisk, NeededFile } from '../checks/file-rights.ts';

/** The user of a process, with its groups; null if it has ended. */
export async function readProcessUser(pid: number): Promise<ProcessUser | null> {
  return parseProcessUser(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
}

/**
 * The files that Rostrum reads while it runs, apart from secrets, with the directories above them. Those that are not there
 * are left out.
 * @param path of `rostrum.yaml`
 */
export async function readNeededFiles(
  path: string,
  { profiles, conferences, cluster }: NodeConfig,
): Promise<NeededFile[]> {
  const beside = (other: string) => resolve(dirname(path), other);
  const directory = beside(profiles);
  const names = (await readdir(directory).catch(() => [])).filter((name) => /^[^.].*\.yaml$/.test(name));
  const { caFile, certFile } = cluster.nats.tls ?? {};
  const files = [
    resolve(path),
    ...names.map((name) => join(directory, name)),
    beside(conferences),
    ...[caFile, certFile].flatMap((file) => (file === undefined ? [] : [beside(file)])),
  ];
  return (await readRights(files)).map((file) => ({ ...file, isListed: file.path === directory }));
}

/** Owners and modes of files and of the directories above them. Those that are not there are left out. */
export async function readRights(files: readonly string[]): Promise<FileOnDisk[]> {
  const targets = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
  const all = new Set([...files, ...targets].flatMap((file) => [...directoriesAbove(file), file]));
  return (await Promise.all([...all].map(readFileOnDisk))).filter((file) => file !== null);
}

/** The highest first. */
function directoriesAbove(path: string): string[] {
  const directory = dirname(path);
  return directory === path ? [] : [...directoriesAbove(directory), directory];
}

async function readFileOnDisk(path: string): Promise<FileOnDisk | null> {
  const found = await stat(path).catch(() => null);
  if (!found) return null;
  return {
    path,
    rights: { ownerUid: found.uid, groupGid: found.gid, mode: found.mode, isDirectory: found.isDirectory() },
  };
}
