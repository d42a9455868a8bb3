/**
 * Editing of Asterisk's configuration text. Comments, order and everything not named stay as they are, so that a changed
 * copy can be compared with the original.
 */

export type ConfText = string;

/** The configuration is not as the edit expects it: a renamed option must not pass unnoticed. */
export class ConfEditError extends Error {
  override readonly name = 'ConfEditError';
  readonly code: 'OPTION_MISSING' | 'TEMPLATE_MISSING';
  readonly section: string;
  readonly key: string | undefined;

  constructor(code: ConfEditError['code'], section: string, key?: string) {
    super(key === undefined ? `no template [${section}](!...)` : `no option "${key}" in section [${section}]`);
    this.code = code;
    this.section = section;
    this.key = key;
  }
}

/** `[name]`, `[name](template)`, `[name](!)`, each perhaps with a comment behind it. */
const SECTION = /^\[([^\]]+)\](?:\([^)]*\))?\s*(?:;.*)?$/;
/** A section that is only a template, up to its parents. */
const TEMPLATE = /^\[([^\]]+)\]\(!([,)])/gm;
/** `key = value` or `key => value`, perhaps with a comment; a semicolon in a value is written `\;`. */
const OPTION = /^(\s*)([^\s;=[][^=;]*?)(\s*=>?)[ \t]*((?:\\;|[^;])*?)([ \t]*(?:;.*)?)$/;

/**
 * Gives an option another value. All sections of that name are searched (pjsip.conf has several objects with one name),
 * and the first occurrence is changed; an option that is commented out does not count.
 *
 * @throws ConfEditError `OPTION_MISSING`
 */
export function setOption(text: ConfText, section: string, key: string, value: string): ConfText {
  const lines = text.split('\n');
  let current = '';
  for (const [index, line] of lines.entries()) {
    const heading = SECTION.exec(line);
    if (heading) current = heading[1] ?? '';
    if (current !== section) continue;
    const option = OPTION.exec(line);
    if (option?.[2] !== key) continue;
    const [, indent, , sign, , comment] = option;
    lines[index] = `${indent}${key}${sign} ${value.replaceAll(';', '\\;')}${comment}`;
    return lines.join('\n');
  }
  throw new ConfEditError('OPTION_MISSING', section, key);
}

/**
 * Makes all sections of that name that are only templates, `[name](!)` or `[name](!,parent)`, count.
 *
 * @throws ConfEditError `TEMPLATE_MISSING`
 */
export function enableTemplate(text: ConfText, section: string): ConfText {
  const enabled = text.replace(TEMPLATE, (heading, name: string, end: string) =>
    name === section ? `[${name}]${end === ',' ? '(' : ''}` : heading,
  );
  if (enabled === text) throw new ConfEditError('TEMPLATE_MISSING', section);
  return enabled;
}

/** What a copy of the configuration must have for itself, so that several Asterisks can run on one machine. */
export interface InstanceSettings {
  /** Of SIP. */
  readonly bindAddress: string;
  readonly sipPort: number;
  readonly ariAddress: string;
  readonly ariPort: number;
  readonly ariPassword: string;
  /** Where phones reach the host, said in SDP. */
  readonly phoneAddress: string;
  /** The loopback address of Asterisk's RTP, behind the relay. */
  readonly mediaAddress: string;
  /** Addresses of phones that speak and moderate without a PIN; `all` where no other host can call. */
  readonly trusted: 'all' | readonly string[];
  readonly rtpPorts: { readonly start: number; readonly end: number };
  readonly maxFiles: number;
  /** Keys as in asterisk.conf's [directories]. */
  readonly directories: Readonly<Record<string, string>>;
}

/**
 * The edits to a file of asterisk-config/ that make it the instance's own.
 *
 * @throws ConfEditError when the file lacks an option that has to be changed
 */
export function adaptToInstance(file: string, text: ConfText, settings: InstanceSettings): ConfText {
  const set = (...edits: readonly (readonly [section: string, key: string, value: string])[]) =>
    edits.reduce((edited, [section, key, value]) => setOption(edited, section, key, value), text);
  const { bindAddress, sipPort } = settings;
  switch (file) {
    case 'asterisk.conf': {
      const directories = Object.entries(settings.directories);
      return directories.reduce(
        (edited, [key, path]) => setOption(edited, 'directories', key, path),
        enableTemplate(set(['options', 'maxfiles', String(settings.maxFiles)]), 'directories'),
      );
    }
    case 'http.conf':
      return set(['general', 'bindaddr', settings.ariAddress], ['general', 'bindport', String(settings.ariPort)]);
    case 'ari.conf':
      return set(['rostrum', 'password', settings.ariPassword]);
    case 'pjsip.conf':
      return withTrusted(
        set(
          ...['transport-udp', 'transport-tcp'].flatMap((transport) => [
            [transport, 'bind', `${bindAddress}:${sipPort}`] as const,
            [transport, 'external_media_address', settings.phoneAddress] as const,
            [transport, 'local_net', `${settings.mediaAddress}/32`] as const,
          ]),
          ['anonymous', 'media_address', settings.mediaAddress],
        ),
        settings.trusted,
      );
    case 'rtp.conf':
      return set(
        ['general', 'rtpstart', String(settings.rtpPorts.start)],
        ['general', 'rtpend', String(settings.rtpPorts.end)],
      );
    default:
      return text;
  }
}

/** Lets phones at these addresses dial the numbers of the context `rostrum-trusted`. */
function withTrusted(text: ConfText, trusted: InstanceSettings['trusted']): ConfText {
  if (trusted === 'all') return setOption(text, 'anonymous', 'context', 'rostrum-trusted');
  if (trusted.length === 0) return text;
  return setOption(enableTemplate(text, 'trusted'), 'trusted', 'match', trusted.join(','));
}
