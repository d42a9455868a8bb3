import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));
/** As systemd's socket for services is one: prints each datagram. */
const LISTENER = `
use IO::Socket::UNIX;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0] =~ s/^@/\\0/r) or die;
$| = 1;
print "listening\\n";
while ($socket->recv(my $text, 1000) || 1) { print "$text\\n" }
`;

it.for(['in the file system', 'in the abstract namespace'])(
  'systemd, at a socket %s, is told that the supervisor is alive, three times in the time that it allows, and not when it hangs',
  async (where, { onTestFinished }) => {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-systemd-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = `${where === 'in the file system' ? '' : '@'}${join(directory, 'notify')}`;
    const listener = spawn('perl', ['-e', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void listener.kill());
    let heard = '';
    listener.stdout.on('data', (chunk) => {
      heard += chunk;
    });
    await expect.poll(() => heard).toBe('listening\n');

    const config = join(directory, 'rostrum.yaml');
    const api = { socket: join(directory, 'api.sock') };
    await writeFile(config, JSON.stringify({ api, profiles: PROFILES, asterisk: { url: 'http://127.0.0.1:1' } }));
    const env = {
      ...process.env,
      ROSTRUM_ARI_PASSWORD: 'x',
      ROSTRUM_SOCKET: api.socket,
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '1500000',
    };
    const node = spawn(process.execPath, [MAIN, 'start', '--config', config], { env, stdio: 'ignore' });
    onTestFinished(async () => {
      const ended = once(node, 'exit');
      node.kill('SIGCONT');
      node.kill('SIGTERM');
      await ended;
    });
    const told = () => heard.match(/^WATCHDOG=1$/gm)?.length ?? 0;
    await expect.poll(told).toBeGreaterThan(0);
    const before = told();
    await sleep(3000);
    expect(told() - before).toBeGreaterThanOrEqual(4);
    expect(told() - before).toBeLessThanOrEqual(7);

    node.kill('SIGSTOP');
    await sleep(500);
    const atStop = told();
    await sleep(2000);
    expect(told()).toBe(atStop);
  },
);
