import { z } from 'zod';
import type { NatsOptions } from '../events/nats/channel.ts';
import type { ConfigFiles } from './config-files.ts';

/** The section `cluster.nats` of `rostrum.yaml`. */
export const natsConfigSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^(nats|tls)$/, error: 'expected a URL such as nats://127.0.0.1:4222' })
      .refine((url) => !url.includes('@'), 'a URL is logged: put the user and the password into user and passwordFile')
      .optional()
      .describe('The NATS server; with tls:// it must speak TLS'),
    cluster: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, "_" and "-"')
      .default('rostrum')
      .describe('Clusters that share a NATS server have different names'),
    user: z.string().min(1).optional().describe('The user of this node at the server, where it wants one'),
    passwordFile: z.string().optional().describe('File with the password of that user'),
    tokenFile: z.string().optional().describe('File with a token, where the server wants one instead of a user'),
    tls: z
      .strictObject({
        caFile: z
          .string()
          .optional()
          .describe('File with the authorities that certify the server; without it, the well-known ones'),
        certFile: z.string().optional().describe('File with the certificate of this node, where the server wants one'),
        keyFile: z.string().optional().describe('File with the key of that certificate'),
      })
      .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
        message: 'certFile and keyFile belong together',
      })
      .optional()
      .describe('The server must speak TLS, and have a certificate for the host of the URL'),
  })
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    message: 'user and passwordFile belong together',
  })
  .refine(({ user, tokenFile }) => user === undefined || tokenFile === undefined, {
    path: ['tokenFile'],
    message: 'either a user or a token',
  })
  .prefault({});

/** How the NATS server is reached, with the password itself. */
export type NatsConfig = Pick<NatsOptions, 'cluster' | 'servers' | 'login' | 'tls'>;

/**
 * @param beside makes a path absolute
 * @throws ConfigError for a file that cannot be read, or that others can read though it is a secret
 */
export async function natsConfigOf(
  { url, cluster, user, passwordFile, tokenFile, tls }: z.output<typeof natsConfigSchema>,
  beside: (path: string) => string,
  read: ConfigFiles,
): Promise<NatsConfig> {
  const secretIn = async (file: string) => (await read.readSecret(beside(file))).trim();
  const password = passwordFile === undefined ? undefined : await secretIn(passwordFile);
  const token = tokenFile === undefined ? undefined : await secretIn(tokenFile);
  const login = user !== undefined && password !== undefined ? { user, password } : token && { token };
  const wantsTls = tls !== undefined || url?.startsWith('tls:');
  return {
    cluster,
    servers: url === undefined ? [] : [url],
    login: login || undefined,
    tls: wantsTls ? await tlsFilesOf(tls ?? {}, beside, read) : undefined,
  };
}

/** They are read again at each connection, since certificates are renewed; but whether they can be is said at the start. */
async function tlsFilesOf(
  files: NonNullable<NatsConfig['tls']>,
  beside: (path: string) => string,
  read: ConfigFiles,
): Promise<NonNullable<NatsConfig['tls']>> {
  const [caFile, certFile, keyFile] = [files.caFile, files.certFile, files.keyFile].map((file) => file && beside(file));
  for (const file of [caFile, certFile]) if (file) await read.read(file);
  if (keyFile) await read.readSecret(keyFile);
  return { caFile, certFile, keyFile };
}
