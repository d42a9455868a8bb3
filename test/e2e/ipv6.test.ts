import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/machine.ts';
import { firstAddress } from '../../src/config/relay-config.ts';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { RostrumCluster } from '../kit/rostrum-cluster.ts';
import { HEARD, listen, relayPid, waitForRelay } from './audience-harness.ts';
import { bank, harness } from './harness.ts';

const HOST = firstAddress(6);
const SERVER = { host: HOST, port: await freePort(HOST) };
const LEVEL_DBOV = -20;
const VOICE_HZ = 1300;
const WITHIN = { timeout: 10_000, interval: 20 };

if (HOST === '::1') {
  it('phones over IPv6', ({ skip }) => skip('this machine has no IPv6 address besides ::1'));
} else {
  describe('a phone over IPv6, with the templates of pjsip.conf', () => {
    const lab = harness({
      profile: { idleSeconds: 1 },
      config: { invite: { allowEndpoints: true } },
      extra: {
        enable: [
          ['pjsip.conf', 'transport-udp6'],
          ['pjsip.conf', 'ipv6'],
        ],
        set: [
          ['pjsip.conf', 'transport-udp6', 'bind', `[${HOST}]:${SERVER.port}`],
          ['pjsip.conf', 'transport-udp6', 'external_media_address', HOST],
        ],
      },
    });
    const six = bank(() => ({
      bindAddress: HOST,
      server: SERVER,
      onIncoming: { kind: 'answer', send: tone(1000, LEVEL_DBOV) },
    }));
    const call = (from: typeof lab.phones, number: string, callerNumber: string, send = silence()) =>
      from.call(number, { callerNumber, send });

    /** A speaker and a listener of each version. */
    async function four() {
      const speaking = await call(lab.phones, '4000', '200', tone(440, LEVEL_DBOV));
      const listening = await call(lab.phones, '3000', '101');
      const speaking6 = await call(six.phones, '4000', '201', tone(VOICE_HZ, LEVEL_DBOV));
      const listening6 = await call(six.phones, '3000', '102', tone(700, LEVEL_DBOV));
      const { members } = await lab.node.waitForMembers('3000', 4);
      expect(members.map(({ path }) => path)).toEqual(['relay', 'relay', 'relay', 'relay']);
      await Promise.all([listening, speaking6, listening6].map((each) => each.waitForTone(440, HEARD)));
      await Promise.all([speaking, listening, listening6].map((each) => each.waitForTone(VOICE_HZ, HEARD)));
      return { speaking, listening, speaking6, listening6 };
    }
    const volume = async () => (await lab.node.member('3000', '102')).listenVolume;
    async function keysWork(listening: Call): Promise<void> {
      const before = await volume();
      await listening.pressKeys('6');
      await expect.poll(volume, WITHIN).toBe(before + 1);
    }

    it('hears and is heard as any other, at the address that it has called', async () => {
      const { speaking, listening, speaking6, listening6 } = await four();
      for (const each of [speaking6, listening6]) {
        expect(each.toldAddress?.host).toBe(HOST);
        expect(each.heardFrom).toEqual({ host: HOST, port: each.toldAddress?.port });
        await each.waitForToneLevel(440, LEVEL_DBOV);
      }
      // Nobody hears a listener.
      for (const each of [speaking, listening, speaking6])
        expect(each.toneLevelDbov(700, { lastMs: 500 })).toBeLessThan(-60);
      await keysWork(listening6);
      listening6.resetStats();
      await listen(2000);
      expect(listening6.stats()).toMatchObject({ lost: 0, streams: 1 });
    });

    it('is followed to another port, and no stranger takes its place', async () => {
      const { listening6 } = await four();
      await listen(1000);
      listening6.resetStats();
      await listening6.move();
      await expect.poll(() => listening6.stats().received, WITHIN).toBeGreaterThan(20);
      await listening6.waitForToneLevel(440, LEVEL_DBOV);
      await listening6.move('::1');
      await listen(1500);
      expect(performance.now() - (listening6.stats().lastPacketMs ?? 0)).toBeGreaterThan(1000);
      await listening6.move();
      await expect.poll(() => performance.now() - (listening6.stats().lastPacketMs ?? 0), WITHIN).toBeLessThan(100);
    });

    it('hears on when the relay is upgraded, and again when it was killed', async () => {
      const { listening6 } = await four();
      listening6.resetStats();
      expect(await lab.node.cli('upgrade')).toMatchObject({ code: 0 });
      await listen(500);
      expect(listening6.stats()).toMatchObject({ lost: 0, streams: 1 });
      await keysWork(listening6);
      const killed = await relayPid(lab.node);
      process.kill(killed, 'SIGKILL');
      await expect.poll(() => relayPid(lab.node).catch(() => killed), WITHIN).not.toBe(killed);
      listening6.resetStats();
      await expect.poll(() => listening6.stats().received, WITHIN).toBeGreaterThan(20);
      await listening6.waitForTone(440, HEARD);
      await keysWork(listening6);
    });

    it('is called by Rostrum, and is then a listener at the relay', async () => {
      await call(lab.phones, '4000', '200', tone(440, LEVEL_DBOV));
      const { host, port } = six.phones.address;
      const target = `PJSIP/ipv6/sip:7001@[${host}]:${port}`;
      const { code, stdout } = await lab.node.cli('invite', '3000', target);
      expect({ code, stdout }).toMatchObject({ code: 0 });
      const called = await six.phones.nextCall({ timeoutMs: 5000 });
      await waitForRelay(lab.node, ['200', '7001']);
      await called.waitForTone(440, HEARD);
    });
  });
}

describe('nodes that reach each other over IPv6', () => {
  const NODES = ['oslo', 'rome'] as const;
  let cluster: RostrumCluster;
  let banks: PhoneBank[] = [];
  let routes: number;

  beforeAll(async () => {
    routes = await freePort('::1');
    cluster = await RostrumCluster.start({
      nodes: NODES,
      between: '::1',
      each: { oslo: { routeListen: `[::1]:${routes}`, sip: 'sip:[2001:db8::1]:5060' } },
      profile: { idleSeconds: 1 },
    });
    banks = NODES.map((name) => new PhoneBank({ server: cluster.node(name).server }));
    await Promise.all(banks.map((phones) => phones.start()));
  });
  afterAll(async () => {
    await Promise.all(banks.map((phones) => phones.stop()));
    await cluster?.stop();
  });

  it('hear each other, know the members of each other, and tell SBCs where to send callers', async () => {
    const speaking = await banks[0]?.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
    const there = await banks[1]?.call('4000', { callerNumber: '201', send: tone(VOICE_HZ, LEVEL_DBOV) });
    const listening = await banks[1]?.call('3000', { callerNumber: '101', send: silence() });
    await Promise.all([there, listening].map((each) => each?.waitForToneLevel(440, LEVEL_DBOV)));
    await speaking?.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
    const seen = async () =>
      (await cluster.node('oslo').show('3000')).members.map(({ caller }) => caller.number).sort();
    await expect.poll(seen, WITHIN).toEqual(['101', '200', '201']);
    const answer = await fetch(`http://[::1]:${routes}/route?conference=3000`);
    expect(await answer.json()).toMatchObject({ conference: '3000', node: 'oslo', sip: 'sip:[2001:db8::1]:5060' });
  });
});
