import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nodeIdFrom } from '../base/node-id.ts';
import { parseSecret } from '../secrets/derive.ts';
import { SecretError } from '../secrets/errors.ts';
import { parseYaml } from '../yaml/yaml-document.ts';
import { ConfigFiles } from './config-files.ts';
import { ConfigError } from './errors.ts';
import { type NatsConfig, natsConfigOf } from './nats-config.ts';
import { type NodeConfig, nodeConfigSchema } from './node-config.ts';
import { type RelayConfig, relayConfigOf, type TrunkAddress, trunkAddressOf, trunkOptionsOf } from './relay-config.ts';
import { defaultSocketPath } from './socket-path.ts';

/** Where `rostrum.yaml` is looked for, unless it is named. */
const DEFAULT_CONFIG_FILES = ['rostrum.yaml', '/etc/rostrum/rostrum.yaml'];

/** Shorter ones can be guessed. */
const LEAST_WEBHOOK_SECRET_BYTES = 16;

/** The node's configuration with everything found: absolute paths, and secrets. */
export type LoadedConfig = Omit<
  NodeConfig,
  'profiles' | 'conferences' | 'api' | 'speech' | 'reports' | 'recordings' | 'relay' | 'cluster'
> & {
  profilesDirectory: string;
  /** The table of conferences; there need not be such a file. */
  tablePath: string;
  socketPath: string;
  ariPassword: string;
  /** Reads the password from the disk: it may have been changed since. Rejects with a ConfigError. */
  readAriPassword: () => Promise<string>;
  relay: RelayConfig;
  speech: { command: string[]; directory: string };
  reports: { directory: string | null; days: number };
  recordings: {
    days: number | null;
    command: string[] | null;
    commandSeconds: number;
    webhook: string | null;
    webhookSecret: Uint8Array | null;
  };
  cluster: Omit<NodeConfig['cluster'], 'nodeId' | 'trunk' | 'nats'> & {
    nodeId: string;
    nats: NatsConfig;
    /** Where other nodes' relays find that of this one. */
    trunk: TrunkAddress;
    /** 32 bytes; null for a node by itself. */
    secret: Uint8Array | null;
  };
};

/**
 * Reads the node's configuration. Paths in it are relative to its directory.
 * @param named the file to read; without it ROSTRUM_CONFIG, then `./rostrum.yaml`, then `/etc/rostrum/rostrum.yaml`
 * @throws ConfigError with every mistake
 */
export async function readConfig(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  files = new ConfigFiles(),
): Promise<LoadedConfig> {
  const { path, node } = await readNodeFile(named, env, files);
  const { profiles, conferences, api, speech, reports, recordings, relay, cluster, ...config } = node;
  const beside = (other: string) => resolve(dirname(path), other);
  const socketPath = api.socket ? beside(api.socket) : defaultSocketPath(env);
  const secret = cluster.secretFile ? await readClusterSecret(beside(cluster.secretFile), files) : null;
  const nodeId = cluster.nodeId ?? nodeIdFrom(hostname());
  const passwordIn = (read: ConfigFiles) => readPassword(config.asterisk.passwordFile, beside, env, read);
  const relayConfig = relayConfigOf(relay, join(dirname(socketPath), 'relay.sock'), beside);
  return {
    ...config,
    asterisk: { ...config.asterisk, recordings: beside(config.asterisk.recordings) },
    profilesDirectory: beside(profiles),
    tablePath: beside(conferences),
    socketPath,
    relay: { ...relayConfig, trunk: secret && trunkOptionsOf(cluster.trunk, nodeId) },
    speech: {
      command: speech.command,
      directory: speech.directory ? beside(speech.directory) : defaultSpeechDirectory(env),
    },
    reports: { directory: reports.directory ? beside(reports.directory) : null, days: reports.days },
    recordings: {
      days: recordings.days ?? null,
      command: recordings.command ?? null,
      commandSeconds: recordings.commandSeconds,
      webhook: recordings.webhook ?? null,
      webhookSecret: recordings.webhookSecretFile
        ? await readWebhookSecret(beside(recordings.webhookSecretFile), files)
        : null,
    },
    cluster: {
      ...cluster,
      nodeId,
      nats: await natsConfigOf(cluster.nats, beside, files),
      secret,
      trunk: trunkAddressOf(cluster.trunk),
    },
    ariPassword: await passwordIn(files),
    readAriPassword: () => passwordIn(new ConfigFiles()),
  };
}

/**
 * Reads `rostrum.yaml` alone, without the secrets that it names.
 * @param named see `readConfig`
 * @returns the file as well; one that is not there where no file is named, and then the defaults
 * @throws ConfigError with every mistake
 */
export async function readNodeFile(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  files = new ConfigFiles(),
): Promise<{ path: string; node: NodeConfig }> {
  const file = named ?? env['ROSTRUM_CONFIG'];
  const { path, text } = file ? { path: file, text: await files.read(file) } : await findConfig(files);
  const parsed = parseYaml(nodeConfigSchema, text, path);
  if (!parsed.ok) throw ConfigError.of(parsed.problems);
  return { path, node: parsed.value };
}

/** Where the settings of conferences are: the directory of the profiles, and the file of the table. */
export type SettingsPlaces = {
  readonly profilesDirectory: string;
  readonly tablePath: string;
  /** The `rostrum.yaml` that says so; there need not be such a file. */
  readonly configPath: string;
};

/**
 * Where the node has the settings of its conferences, for which no password is needed.
 * @param named see `readConfig`
 * @throws ConfigError with every mistake
 */
export async function findSettings(named: string | undefined, env: NodeJS.ProcessEnv): Promise<SettingsPlaces> {
  const { path, node } = await readNodeFile(named, env);
  const beside = (other: string) => resolve(dirname(path), other);
  return { profilesDirectory: beside(node.profiles), tablePath: beside(node.conferences), configPath: path };
}

function defaultSpeechDirectory(env: NodeJS.ProcessEnv): string {
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'rostrum', 'speech');
  return process.getuid?.() === 0 ? '/var/cache/rostrum/speech' : join(homedir(), '.cache/rostrum/speech');
}

async function findConfig(files: ConfigFiles): Promise<{ path: string; text: string }> {
  for (const path of DEFAULT_CONFIG_FILES) {
    if (await files.has(path)) return { path, text: await files.read(path) };
  }
  return { path: 'rostrum.yaml', text: '' };
}

async function readPassword(
  file: string | undefined,
  beside: (path: string) => string,
  env: NodeJS.ProcessEnv,
  files: ConfigFiles,
): Promise<string> {
  const fromEnvironment = env['ROSTRUM_ARI_PASSWORD'];
  if (fromEnvironment) return fromEnvironment;
  if (!file) {
    throw new ConfigError('no ARI password: set asterisk.passwordFile in rostrum.yaml, or ROSTRUM_ARI_PASSWORD');
  }
  return (await files.readSecret(beside(file))).trim();
}

/** As Standard Webhooks writes secrets, `whsec_` and base64; or as it is. */
async function readWebhookSecret(path: string, files: ConfigFiles): Promise<Uint8Array> {
  const text = (await files.readSecret(path)).trim();
  const secret = text.startsWith('whsec_') ? Buffer.from(text.slice('whsec_'.length), 'base64') : Buffer.from(text);
  if (secret.length >= LEAST_WEBHOOK_SECRET_BYTES) return secret;
  throw new ConfigError(
    `${path}: a secret has at least ${LEAST_WEBHOOK_SECRET_BYTES} bytes; run: openssl rand -hex 32`,
  );
}

async function readClusterSecret(path: string, files: ConfigFiles): Promise<Uint8Array> {
  const text = await files.readSecret(path);
  try {
    return parseSecret(text);
  } catch (cause) {
    if (!(cause instanceof SecretError)) throw cause;
    throw new ConfigError(`${path}: ${cause.message}; make one with "rostrum keygen"`, { cause });
  }
}
