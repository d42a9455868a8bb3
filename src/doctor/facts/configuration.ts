import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DirectoryRights } from '../../base/directory-rights.ts';
import { ConfigError } from '../../config/errors.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import { readConfig, readNodeFile } from '../../config/read-config.ts';
import { loadProfiles } from '../../config/read-profiles.ts';
import { relayConfigOf } from '../../config/relay-config.ts';
import { defaultSocketPath } from '../../config/socket-path.ts';
import { formatProblem } from '../../yaml/yaml-document.ts';
import type { SecretFile } from '../checks/configuration.ts';

/** The node's configuration as far as it can be read: one mistake does not hide the others. */
export type Configuration =
  | { readonly ok: false; readonly mistakes: readonly string[] }
  | {
      readonly ok: true;
      readonly path: string;
      readonly node: NodeConfig;
      readonly socketPath: string;
      readonly relaySocketPath: string;
      readonly secrets: readonly SecretFile[];
      readonly recordings: { readonly path: string; readonly found: DirectoryRights | null };
      /** Null if there is none, or it cannot be read. */
      readonly ariPassword: string | null;
      /** The directory of the profiles. */
      readonly profiles: ReadResult;
      /** Of everything together, as `rostrum start` reads it. */
      readonly whole: ReadResult;
    };

/** The result of a reader: how much there is, or each mistake. */
export type ReadResult = { readonly ok: true; readonly summary: string } | { readonly ok: false; mistakes: string[] };

/** @param named see `readConfig` */
export async function readConfiguration(named: string | undefined, env: NodeJS.ProcessEnv): Promise<Configuration> {
  let file: { path: string; node: NodeConfig };
  try {
    file = await readNodeFile(named, env);
  } catch (error) {
    return { ok: false, mistakes: mistakesIn(error) };
  }
  const { path, node } = file;
  const beside = (other: string) => resolve(dirname(path), other);
  const socketPath = node.api.socket ? beside(node.api.socket) : defaultSocketPath(env);
  const { socketPath: relaySocketPath } = relayConfigOf(node.relay, resolve(dirname(socketPath), 'relay.sock'), beside);
  const passwordFile = node.asterisk.passwordFile;
  return {
    ok: true,
    path,
    node,
    socketPath,
    relaySocketPath,
    secrets: await readSecrets(node, beside, env),
    recordings: await readDirectory(beside(node.asterisk.recordings)),
    ariPassword: env['ROSTRUM_ARI_PASSWORD'] || (passwordFile ? await readPassword(beside(passwordFile)) : null),
    profiles: await readProfiles(beside(node.profiles)),
    whole: await readWhole(named, env),
  };
}

async function readProfiles(directory: string): Promise<ReadResult> {
  const resolution = await loadProfiles(directory);
  if (!resolution.ok) return { ok: false, mistakes: resolution.problems.map(formatProblem) };
  return { ok: true, summary: `${resolution.resolved.size} in ${directory}` };
}

async function readWhole(named: string | undefined, env: NodeJS.ProcessEnv): Promise<ReadResult> {
  try {
    await readConfig(named, env);
    return { ok: true, summary: '' };
  } catch (error) {
    return { ok: false, mistakes: mistakesIn(error) };
  }
}

/** @throws what is no mistake in the configuration */
function mistakesIn(error: unknown): string[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.problems.length > 0 ? error.problems.map(formatProblem) : [error.message];
}

async function readPassword(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text?.trim() ?? null;
}

async function readSecrets(
  { asterisk, cluster, recordings }: NodeConfig,
  beside: (path: string) => string,
  env: NodeJS.ProcessEnv,
): Promise<SecretFile[]> {
  const { nats, secretFile } = cluster;
  const files = [
    ['ARI password', env['ROSTRUM_ARI_PASSWORD'] ? undefined : asterisk.passwordFile],
    ['cluster secret', secretFile],
    ['NATS password', nats.passwordFile],
    ['NATS token', nats.tokenFile],
    ['NATS key', nats.tls?.keyFile],
    ['webhook secret', recordings.webhookSecretFile],
  ] as const;
  const named = files.flatMap(([purpose, file]) => (file === undefined ? [] : [{ purpose, path: beside(file) }]));
  return Promise.all(named.map(async (each) => ({ ...each, found: await readMode(each.path) })));
}

async function readDirectory(path: string): Promise<{ path: string; found: DirectoryRights | null }> {
  const found = await stat(path).catch(() => null);
  return { path, found: found?.isDirectory() ? { ownerUid: found.uid, mode: found.mode } : null };
}

async function readMode(path: string): Promise<SecretFile['found']> {
  try {
    const { uid, mode } = await stat(path);
    await readFile(path);
    return { state: 'there', ownerUid: uid, mode };
  } catch (error) {
    return { state: 'unreadable', code: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}
