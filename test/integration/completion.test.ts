import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer } from '../../src/api/server.ts';
import { conference, depsOf, member } from '../unit/api/conferences.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

let directory: string;
let server: ApiServer;
let socketPath: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-completion-'));
  socketPath = join(directory, 'rostrum.sock');
  const hostile = member(17, { caller: { number: '100', name: 'x\n18\t$(touch /tmp/owned)' } });
  const conferences = new Map([['3000', conference([member(7), hostile])]]);
  server = new ApiServer({ socketPath }, depsOf(conferences));
  await server.start();
  await writeFile(join(directory, 'rostrum.yaml'), '');
  await writeFile(join(directory, 'conferences.yaml'), 'conferences:\n  "6001":\n    name: A\n  6002:\n');
  const program = `#!/bin/sh\nexec "${process.execPath}" "${REPOSITORY}dist/cli/main.js" "$@"\n`;
  await writeFile(join(directory, 'rostrum'), program, { mode: 0o755 });
});

afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

async function bash(script: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${directory}:${process.env['PATH']}`,
    ROSTRUM_SOCKET: socketPath,
    ROSTRUM_CONFIG: join(directory, 'rostrum.yaml'),
  };
  const { stdout } = await run('bash', ['--norc', '-c', script], { cwd: REPOSITORY, env });
  return stdout;
}

/** What bash offers when the tab key is pressed behind a line. */
async function offers(line: string): Promise<string[]> {
  const stdout = await bash(`
    source <(rostrum completion bash)
    COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length}
    _rostrum rostrum
    printf '%s\\n' "\${COMPREPLY[@]}"`);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('in bash', () => {
  it('completion is known for rostrum once its script was read', async () => {
    expect(await bash('source <(rostrum completion bash); complete -p rostrum')).toContain('-F _rostrum rostrum');
  });

  it.each([
    ['rostrum unm', ['unmute-all']],
    ['rostrum doc', ['doctor']],
    ['rostrum doctor --', ['--config', '--json', '--help']],
    ['rostrum lock ', ['3000']],
    ['rostrum conference remove ', ['6001', '6002']],
    ['rostrum conference set 6001 access.u', ['access.userPin']],
    ['rostrum list --js', ['--json']],
    ['rostrum show --se', ['--search']],
    ['rostrum show 3000 --role ', ['speaker', 'listener', 'admin']],
    ['rostrum member 3000 17 ki', ['kick']],
    ['rostrum playback 3000 tone:660/200 --member ', ['7', '17']],
    ['rostrum list --socket /nowhere lo', []],
    ['rostrum lock --socket /nowhere ', []],
  ])('"%s" is completed with %j', async (line, words) => {
    expect(await offers(line)).toEqual(words);
  });

  it("callers' names put no words in", async () => {
    expect(await offers('rostrum member 3000 ')).toEqual(['7', '17']);
  });
});

it('there is a script for each shell, and a one-line error for others', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) expect(await bash(`rostrum completion ${shell}`)).toContain('complete');
  await expect(bash('rostrum completion csh')).rejects.toMatchObject({
    code: 2,
    stderr: 'rostrum: no script for "csh"; did you mean "zsh"?\n',
  });
});
