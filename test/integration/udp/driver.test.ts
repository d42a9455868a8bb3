import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const OPEN_UDP = new URL('../../../src/udp/open-udp.ts', import.meta.url).href;
/** A loader in whose process there is no koffi. */
const WITHOUT_KOFFI = dataUrl(`
  import { register } from 'node:module';
  register(${JSON.stringify(
    dataUrl(`export async function resolve(specifier, context, next) {
      if (specifier === 'koffi') throw new Error('no koffi here');
      return next(specifier, context);
    }`),
  )});
`);

const run = promisify(execFile);

/** What a process of its own says about the driver, after it has sent itself a packet. */
async function driverOf(options: { env?: Record<string, string>; loader?: string; driver?: string }): Promise<unknown> {
  const program = `
    const { openUdp } = await import(${JSON.stringify(OPEN_UDP)});
    try {
      const udp = await openUdp({ driver: ${JSON.stringify(options.driver)}, eventLoop: true });
      const { driver, fallbackReason, waker } = udp;
      const socket = await udp.open({ host: '127.0.0.1', port: 0 }, (packet) => {
        console.log(JSON.stringify({ driver, fallbackReason, hasWaker: waker !== null, packet: packet.toString() }));
        udp.close();
      });
      socket.sendTo(Buffer.from('hello'), 5, udp.peer('127.0.0.1', socket.port));
    } catch ({ name, code, message }) {
      console.log(JSON.stringify({ name, code, message }));
    }
  `;
  const imports = ['tsx', ...(options.loader ? [options.loader] : [])].flatMap((module) => ['--import', module]);
  const { ROSTRUM_UDP: _, ...env } = process.env;
  const args = [...imports, '--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, args, { env: { ...env, ...options.env }, timeout: 30_000 });
  return JSON.parse(stdout);
}

function dataUrl(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

describe('the driver', () => {
  it('is libc where koffi can be loaded', async () => {
    expect(await driverOf({})).toEqual({ driver: 'libc', fallbackReason: null, hasWaker: true, packet: 'hello' });
  });

  it('is dgram when the environment says so, unless the caller wants another one', async () => {
    const env = { ROSTRUM_UDP: 'dgram' };
    const expected = { driver: 'dgram', fallbackReason: 'ROSTRUM_UDP=dgram', hasWaker: false, packet: 'hello' };
    expect(await driverOf({ env })).toEqual(expected);
    expect(await driverOf({ env, driver: 'libc' })).toMatchObject({ driver: 'libc' });
  });

  it('is dgram where koffi cannot be loaded, and says why', async () => {
    const fallbackReason = 'koffi cannot be loaded: no koffi here';
    expect(await driverOf({ loader: WITHOUT_KOFFI })).toMatchObject({
      driver: 'dgram',
      fallbackReason,
      packet: 'hello',
    });
  });

  it('is an error where koffi cannot be loaded and the caller wants libc', async () => {
    const error = await driverOf({ loader: WITHOUT_KOFFI, driver: 'libc' });
    expect(error).toMatchObject({
      name: 'UdpError',
      code: 'ENOTSUP',
      message: expect.stringContaining('no koffi here'),
    });
  });
});
