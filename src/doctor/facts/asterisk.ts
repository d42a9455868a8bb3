import { z } from 'zod';
import { AriError } from '../../ari/errors.ts';
import type { AriHttp } from '../../ari/http.ts';
import { infoSchema } from '../../ari/messages.ts';
import type { PjsipObject } from '../checks/anchoring.ts';
import type { AriAnswer } from '../checks/asterisk.ts';

/** Asterisk's own configuration, as ARI tells it. Every function but the first gives null where it cannot be read. */

const modulesSchema = z.array(z.object({ name: z.string(), status: z.string() }));
const endpointsSchema = z.array(z.object({ technology: z.string(), resource: z.string() }));
const optionsSchema = z.array(z.object({ attribute: z.string(), value: z.string() }));

/** More endpoints than this are written by a program, all in the same way. */
const MOST_ENDPOINTS = 200;
/** The names in asterisk-config and in Asterisk's samples, which are tried where the console cannot be asked. */
const USUAL_TRANSPORTS = ['transport-udp', 'transport-tcp', 'transport-tls'];

export async function readVersion(http: AriHttp): Promise<AriAnswer> {
  try {
    const info = infoSchema.safeParse(JSON.parse(await http.get('/ari/asterisk/info?only=system')));
    if (info.success) return { state: 'answers', version: info.data.system.version };
    return { state: 'refused', reason: 'there is no version in its answer' };
  } catch (error) {
    if (!(error instanceof AriError)) return { state: 'refused', reason: 'its answer is not JSON' };
    if (error.code === 'unauthorized') return { state: 'unauthorized' };
    return { state: error.code === 'unreachable' ? 'unreachable' : 'refused', reason: error.message };
  }
}

export async function readRunningModules(http: AriHttp): Promise<ReadonlySet<string> | null> {
  const modules = await get(http, '/asterisk/modules', modulesSchema);
  return modules && new Set(modules.filter(({ status }) => status === 'Running').map(({ name }) => name));
}

export async function readRegistered(http: AriHttp, application: string): Promise<boolean> {
  return (await get(http, `/applications/${encodeURIComponent(application)}`, z.object({}))) !== null;
}

/** The PJSIP endpoints with all of their options, defaults included; of very many, the first ones. */
export async function readEndpoints(http: AriHttp): Promise<PjsipObject[]> {
  const all = (await get(http, '/endpoints/PJSIP', endpointsSchema)) ?? [];
  const names = all.slice(0, MOST_ENDPOINTS).map(({ resource }) => resource);
  return readObjects(http, 'endpoint', names);
}

/**
 * The transports. ARI cannot list them, only tell of one with a given name.
 * @param names from the console; null if it cannot be asked
 */
export async function readTransports(
  http: AriHttp,
  names: readonly string[] | null,
  endpoints: readonly PjsipObject[],
): Promise<PjsipObject[]> {
  const used = endpoints.flatMap(({ options }) => options.get('transport') ?? []).filter((name) => name !== '');
  return readObjects(http, 'transport', [...new Set(names ?? [...used, ...USUAL_TRANSPORTS])]);
}

/** @see https://docs.asterisk.org/Latest_API/API_Documentation/Asterisk_REST_Interface/Asterisk_REST_API/#getobject */
async function readObjects(http: AriHttp, type: string, names: readonly string[]): Promise<PjsipObject[]> {
  const objects: PjsipObject[] = [];
  for (const name of names) {
    const path = `/asterisk/config/dynamic/res_pjsip/${type}/${encodeURIComponent(name)}`;
    const found = await get(http, path, optionsSchema);
    if (found === null) continue;
    const options = new Map<string, string[]>();
    for (const { attribute, value } of found) options.set(attribute, [...(options.get(attribute) ?? []), value]);
    objects.push({ name, options });
  }
  return objects;
}

async function get<Schema extends z.ZodType>(
  http: AriHttp,
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await http.get(`/ari${path}`)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
