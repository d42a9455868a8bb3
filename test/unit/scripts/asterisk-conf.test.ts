import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  adaptToInstance,
  ConfEditError,
  enableTemplate,
  type InstanceSettings,
  setOption,
} from '../../../scripts/asterisk-conf.ts';

const configuration = fileURLToPath(new URL('../../../asterisk-config/', import.meta.url));
const conf = (file: string) => readFileSync(`${configuration}${file}`, 'utf8');

const settings: InstanceSettings = {
  trusted: [],
  bindAddress: '127.0.1.1',
  sipPort: 5071,
  ariAddress: '127.0.1.1',
  ariPort: 8099,
  ariPassword: 'secret',
  phoneAddress: '127.0.1.2',
  mediaAddress: '127.100.1.1',
  rtpPorts: { start: 20_000, end: 20_998 },
  maxFiles: 4096,
  directories: { astetcdir: '/somewhere/etc', astrundir: '/somewhere/run' },
};

/** The lines of the second text that are not in the first. */
const changedLines = (before: string, after: string) => {
  const known = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !known.has(line));
};

describe('setOption', () => {
  const text = '; top\n[a]\nkey = 1 ; why\n;other = 2\n\n[b](template)\nkey => 1\nkey=3\n';

  it('changes the option of the section named, and keeps its comment', () => {
    expect(setOption(text, 'a', 'key', '9')).toBe(text.replace('key = 1 ; why', 'key = 9 ; why'));
  });

  it('changes the first of several, and keeps the way it is assigned', () => {
    expect(setOption(text, 'b', 'key', '9')).toBe(text.replace('key => 1', 'key => 9'));
  });

  it('gives a value to an option that has none', () => {
    expect(setOption('[rostrum]\npassword =\n', 'rostrum', 'password', 'x')).toBe('[rostrum]\npassword = x\n');
  });

  it('finds an option in a later section of the same name', () => {
    expect(setOption('[x]\ntype = endpoint\n[y]\n[x]\ntype = aor\nmax = 1\n', 'x', 'max', '2')).toContain('max = 2');
  });

  it('escapes a semicolon, which would begin a comment', () => {
    expect(setOption('[a]\nkey = 1\n', 'a', 'key', 'p;q')).toBe('[a]\nkey = p\\;q\n');
    expect(setOption('[a]\nkey = p\\;q ; why\n', 'a', 'key', '1')).toBe('[a]\nkey = 1 ; why\n');
  });

  it('takes a value literally', () => {
    expect(setOption('[a]\nkey = 1\n', 'a', 'key', "$&$1$'")).toBe("[a]\nkey = $&$1$'\n");
  });

  it.each([
    ['the section is missing', 'c', 'key'],
    ['the option is in another section only', 'a', 'max'],
    ['the option is commented out', 'a', 'other'],
  ])('fails when %s', (_, section, key) => {
    expect(() => setOption(text, section, key, '9')).toThrow(
      expect.objectContaining({ name: 'ConfEditError', code: 'OPTION_MISSING', section, key }),
    );
  });
});

describe('enableTemplate', () => {
  it('enables all sections of that name, with their parents', () => {
    const text = '[a]\nx = 1\n[b](!,a)\ny = 2\n[b](!) ; another\nz = 3\n[bc](!)\n';
    expect(enableTemplate(text, 'b')).toBe('[a]\nx = 1\n[b](a)\ny = 2\n[b] ; another\nz = 3\n[bc](!)\n');
  });

  it('removes the mark of a template', () => {
    expect(enableTemplate('[directories](!) ; not used\na => b\n', 'directories')).toBe(
      '[directories] ; not used\na => b\n',
    );
  });

  it('fails when the section is no template', () => {
    expect(() => enableTemplate('[directories]\n', 'directories')).toThrow(ConfEditError);
  });
});

describe('adaptToInstance', () => {
  it('changes addresses, ports, directories and the password, and nothing else', () => {
    const changes = readdirSync(configuration)
      .filter((file) => file.endsWith('.conf'))
      .flatMap((file) => changedLines(conf(file), adaptToInstance(file, conf(file), settings)));
    expect(changes.sort()).toEqual(
      [
        '[directories]',
        'astetcdir => /somewhere/etc',
        'astrundir => /somewhere/run',
        'bind = 127.0.1.1:5071',
        'bind = 127.0.1.1:5071',
        'bindaddr = 127.0.1.1',
        'bindport = 8099',
        'external_media_address = 127.0.1.2',
        'external_media_address = 127.0.1.2',
        'local_net = 127.100.1.1/32',
        'local_net = 127.100.1.1/32',
        'maxfiles = 4096',
        'media_address = 127.100.1.1',
        'password = secret',
        'rtpend = 20998',
        'rtpstart = 20000',
      ].sort(),
    );
  });

  it('trusts the phones of a machine that nobody else can call, or those at the addresses that it is given', () => {
    const pjsip = (trusted: InstanceSettings['trusted']) =>
      adaptToInstance('pjsip.conf', conf('pjsip.conf'), { ...settings, trusted });
    const everybody = (context: string) => `\n[anonymous]\ntype = endpoint\ncontext = ${context}\n`;
    expect(pjsip('all')).toContain(everybody('rostrum-trusted'));
    const some = pjsip(['127.0.0.0/8', '192.0.2.1']);
    expect(some).toContain(everybody('rostrum-dial-in'));
    expect(some).toContain('\n[trusted](anonymous)\ncontext = rostrum-trusted\nidentify_by = ip\n');
    expect(some).toContain('\nendpoint = trusted\nmatch = 127.0.0.0/8,192.0.2.1\n');
    expect(pjsip([])).toContain(everybody('rostrum-dial-in'));
    expect(pjsip([])).toContain('\n[trusted](!,anonymous)\n');
  });

  it('leaves files alone that every instance can share', () => {
    expect(adaptToInstance('modules.conf', 'anything', settings)).toBe('anything');
  });
});

describe('asterisk-config', () => {
  it('lets nobody in over ARI before a password is set, and listens on loopback only', () => {
    expect(conf('ari.conf')).toMatch(/^password =$/m);
    expect(conf('http.conf')).toMatch(/^bindaddr = 127\.0\.0\.1$/m);
  });

  it('does not answer a call before it reaches Rostrum', () => {
    expect(conf('extensions.conf')).not.toMatch(/^[^;]*\bAnswer\(/m);
  });

  it('has no module twice', () => {
    const modules = [...conf('modules.conf').matchAll(/^(?:load|require) = (\S+)/gm)].map((match) => match[1]);
    expect(modules).toEqual([...new Set(modules)]);
  });
});
