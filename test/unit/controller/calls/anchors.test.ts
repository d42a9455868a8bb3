import { beforeEach, describe, expect, it } from 'vitest';
import { AriError } from '../../../../src/ari/errors.ts';
import {
  ANSWERED,
  AnchorsScene,
  EARLY,
  ENCRYPTION,
  ENDPOINT,
  HEARING,
  MEDIA_ADDRESS,
  SPEC,
  settle,
} from './anchors-scene.ts';

let scene: AnchorsScene;

beforeEach(() => {
  scene = new AnchorsScene();
});

/** What a promise has come to by now. */
async function soFar<T>(promise: Promise<T> | T): Promise<T | 'pending'> {
  await settle();
  return Promise.race([promise, settle().then(() => 'pending' as const)]);
}

describe('a call that nobody has answered', () => {
  it('is told its port, which the relay opens before it goes on', async () => {
    const path = scene.anchors.ensure(EARLY);
    expect(await soFar(path)).toBe('pending');
    expect(scene.asked).toEqual([ENDPOINT, 'progress', 'read', 'call']);
    expect(scene.calls.get('c')).toEqual(SPEC);
    scene.anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
  });

  it('is read again while Asterisk has no port for it yet', async () => {
    scene.tooEarly = 3;
    const path = scene.anchors.ensure(EARLY);
    scene.anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(scene.asked).toEqual([ENDPOINT, 'progress', 'read', 'read', 'read', 'read', 'call']);
  });

  it('is answered at once if it has brought no offer: Asterisk has no port before', async () => {
    scene.tooEarly = 2;
    scene.offerBytes = '0';
    const path = scene.anchors.ensure(EARLY);
    scene.anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(scene.asked).toEqual([ENDPOINT, 'progress', 'read', 'answer', 'read', 'read', 'call']);
  });

  it('is not read again where Asterisk refuses otherwise', async () => {
    scene.failure = new AriError('refused', 'Channel not found', { status: 404 });
    await expect(scene.anchors.ensure(EARLY)).rejects.toMatchObject({ status: 404 });
    expect(scene.asked.filter((each) => each === 'read')).toHaveLength(1);
  });

  it('rings while there is no relay, and is told its port when there is one', async () => {
    scene.connect = () => {};
    const path = scene.anchors.ensure(EARLY);
    expect(await soFar(path)).toBe('pending');
    expect(scene.asked).toEqual([ENDPOINT, 'ring']);
    scene.connect();
    await settle();
    scene.anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(scene.asked).toEqual([ENDPOINT, 'ring', 'progress', 'read', 'call']);
  });

  it('cannot be taken if the relay cannot open its port', async () => {
    const path = scene.anchors.ensure(EARLY);
    await settle();
    scene.anchors.settled('c', 'address already in use');
    await expect(path).rejects.toMatchObject({ code: 'not-possible', message: 'address already in use' });
  });

  it('is set up once, however often that is asked', async () => {
    const [first, second] = [scene.anchors.ensure(EARLY), scene.anchors.ensure(EARLY)];
    scene.anchors.settled('c', null);
    expect(await Promise.all([first, second, scene.anchors.ensure(EARLY)])).toEqual(Array(3).fill({ at: 'relay' }));
    expect(scene.asked.filter((each) => each === 'call')).toHaveLength(1);
  });
});

it.each([EARLY, ANSWERED])(
  'a call that its phone holds from the beginning is known to be held, dialled %o',
  async (call) => {
    expect(scene.anchors.wasHeld('c')).toBe(false);
    scene.values['CHANNEL(rtp,hold,audio)'] = '1';
    const path = scene.anchors.ensure(call);
    scene.anchors.settled('c', null);
    await expect.poll(() => scene.anchors.wasHeld('c')).toBe(true);
    scene.anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
  },
);

describe('a call that has been answered', () => {
  it('waits for nothing, since its phone sends already', async () => {
    expect(await scene.anchors.ensure(ANSWERED)).toEqual({ at: 'relay' });
    expect(scene.asked).toEqual([ENDPOINT, 'read', 'call']);
  });

  it('and is in the hands of the relay is taken over without a question', async () => {
    scene.found = { ...SPEC, source: { host: '192.0.2.7', port: 5000 }, hearing: { conference: '3000', ...HEARING } };
    expect(await scene.anchors.ensure(ANSWERED)).toEqual({ at: 'relay' });
    expect(scene.asked).toEqual(['call']);
    expect(scene.calls.get('c')).toEqual(scene.found);
  });
});

describe('a call that is heard from the bridge', () => {
  it('is not SIP: that is known at once', () => {
    expect(scene.anchors.ensure({ ...EARLY, name: 'Local/x@default-00000001;1' })).toEqual({
      at: 'bridge',
      reason: 'not a SIP call',
    });
    expect(scene.asked).toEqual([]);
  });

  it.each(['sdes', 'dtls'])('has an endpoint that encrypts with %s', async (by) => {
    scene.mediaAddress = '';
    scene.encryption = by;
    const path = { at: 'bridge', reason: 'its RTP is encrypted' };
    expect(await scene.anchors.ensure(EARLY)).toEqual(path);
    expect(await scene.anchors.ensure({ ...EARLY, id: 'd' })).toEqual(path);
    // What is known of the endpoint is not asked again.
    expect(scene.asked).toEqual([ENDPOINT, ENCRYPTION]);
  });

  it.each([null, '', '198.51.100.1'])('has an endpoint whose media_address is %s', async (address) => {
    scene.mediaAddress = address;
    const reason = 'endpoint anonymous has no media_address on loopback';
    expect(await scene.anchors.ensure(EARLY)).toEqual({ at: 'bridge', reason });
    expect(scene.asked).toEqual([ENDPOINT, ENCRYPTION]);
    expect(scene.calls.size).toBe(0);
  });

  it('is encrypted', async () => {
    scene.values['CHANNEL(rtp,secure)'] = '1';
    expect(await scene.anchors.ensure(EARLY)).toEqual({ at: 'bridge', reason: 'its RTP is encrypted' });
    expect(scene.calls.size).toBe(0);
  });

  it('has a codec that the relay passes on, but does not encode', async () => {
    scene.values['CHANNEL(audionativeformat)'] = '(opus)';
    const reason = 'a codec that the relay does not encode';
    expect(await scene.anchors.ensure(ANSWERED)).toEqual({ at: 'bridge', reason });
    expect(scene.calls.get('c')).toEqual({ ...SPEC, codec: null });
  });
});

describe('an endpoint', () => {
  const another = (id: string) => scene.anchors.ensure({ ...ANSWERED, id });

  it('is asked about once a minute', async () => {
    await another('a');
    scene.nowMs = 59_999;
    await another('b');
    expect(scene.asked.filter((each) => each === ENDPOINT)).toHaveLength(1);
    scene.nowMs = 60_000;
    await another('d');
    expect(scene.asked.filter((each) => each === ENDPOINT)).toHaveLength(2);
  });

  it('is not taken for one without media_address because a call of it has ended meanwhile', async () => {
    scene.mediaAddress = null;
    scene.encryption = null;
    const path = another('a');
    scene.anchors.channelGone('a', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    scene.mediaAddress = MEDIA_ADDRESS;
    expect(await another('b')).toEqual({ at: 'relay' });
  });
});
