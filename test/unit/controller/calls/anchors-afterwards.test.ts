import { beforeEach, describe, expect, it } from 'vitest';
import { ANSWERED, AnchorsScene, EARLY, ENCRYPTION, ENDPOINT, HEARING, SPEC, settle } from './anchors-scene.ts';

let scene: AnchorsScene;

beforeEach(() => {
  scene = new AnchorsScene();
});

describe('a call whose port the relay cannot open', () => {
  const problem = 'address already in use';
  it('is hung up if it is in already, as after a restart of the relay', async () => {
    const path = scene.anchors.ensure(EARLY);
    await settle();
    scene.anchors.settled('c', null);
    await path;
    scene.anchors.settled('c', problem);
    expect(scene.asked.at(-1)).toBe('hang up c');
  });

  it('is hung up if nobody waits for the port, as of a phone that was called', async () => {
    await scene.anchors.ensure(ANSWERED);
    scene.anchors.settled('c', problem);
    expect(scene.asked.at(-1)).toBe('hang up c');
  });

  it('is hung up if it is in the dialplan', () => {
    scene.found = SPEC;
    scene.anchors.settled('c', problem);
    expect(scene.asked).toEqual(['hang up c']);
  });

  it('is left to the call that waits for the port', async () => {
    const path = scene.anchors.ensure(EARLY);
    await settle();
    scene.anchors.settled('c', problem);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(scene.asked).not.toContain('hang up c');
  });

  it('is forgotten if it has ended', () => {
    scene.anchors.settled('c', problem);
    expect(scene.asked).toEqual([]);
  });
});

describe('a call that ends', () => {
  it('while Asterisk is asked about its endpoint is not taken', async () => {
    scene.mediaAddress = null;
    const path = scene.anchors.ensure(EARLY);
    scene.anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible', message: 'the call has ended' });
    expect(scene.asked).toEqual([ENDPOINT, ENCRYPTION]);
  });

  it('while its port is read is not told to the relay', async () => {
    scene.tooEarly = 1;
    const path = scene.anchors.ensure(EARLY);
    await settle();
    expect(scene.asked.at(-1)).toBe('read');
    scene.anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(scene.calls.size).toBe(0);
  });

  it('while its port is opened is not taken, and the port is closed', async () => {
    const path = scene.anchors.ensure(EARLY);
    await settle();
    scene.anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(scene.asked.at(-1)).toBe('end-call');
    expect(scene.anchors.has('c')).toBe(false);
  });
});

describe('a listener', () => {
  beforeEach(async () => {
    await scene.anchors.ensure(ANSWERED);
  });

  it('is sent a conference, and what Asterisk sends again afterwards', () => {
    scene.anchors.hear('c', '3000', HEARING);
    expect(scene.calls.get('c')).toEqual({ ...SPEC, hearing: { conference: '3000', ...HEARING } });
    scene.anchors.hear('c', '', null);
    expect(scene.calls.get('c')).toEqual(SPEC);
  });

  it('is told to the relay only when something changes', async () => {
    const repeat = () => {
      scene.anchors.hear('c', '3000', { ...HEARING });
      scene.anchors.gate('c', { level: 300, holdMs: 500 });
      scene.anchors.watchTalk('c', 300);
    };
    scene.asked = [];
    scene.anchors.hear('c', '', null);
    scene.anchors.gate('c', null);
    scene.anchors.watchTalk('c', null);
    expect(scene.asked).toEqual([]);
    repeat();
    expect(scene.asked).toEqual(['call', 'call', 'call']);
    repeat();
    expect(scene.asked).toHaveLength(3);
    scene.asked = [];
    for (let times = 0; times < 2; times++) scene.anchors.channelGone('c', false);
    await settle();
    expect(scene.asked.filter((each) => each === 'call')).toHaveLength(1);
    expect(scene.calls.get('c')).toEqual(SPEC);
  });

  it('is told to the relay with where their phone has sent from meanwhile', () => {
    const source = { host: '192.0.2.7', port: 5000 };
    scene.calls.set('c', { ...SPEC, source });
    scene.anchors.hear('c', '3000', HEARING);
    expect(scene.calls.get('c')?.source).toEqual(source);
  });

  it('whose call is not anchored hears nothing of the relay', () => {
    scene.asked = [];
    scene.anchors.hear('other', '3000', HEARING);
    expect(scene.asked).toEqual([]);
  });

  it('whose phone sends nothing is asked by SIP whether it is there', async () => {
    scene.asked = [];
    scene.anchors.silent('c', 25);
    scene.anchors.silent('other', 25);
    await settle();
    expect(scene.asked).toEqual(['PJSIP_SEND_SESSION_REFRESH()']);
  });
});

describe('when Asterisk has been read', () => {
  it('calls that it does not have end, and calls that are in the dialplan again are passed on', async () => {
    await scene.anchors.ensure(ANSWERED);
    await scene.anchors.ensure({ ...ANSWERED, id: 'gone' });
    scene.calls.set('returned', { ...SPEC, channelId: 'returned', hearing: { conference: '3000', ...HEARING } });
    scene.anchors.hear('c', '3000', HEARING);
    scene.asked = [];
    await scene.anchors.retain(new Set(['c', 'returned']));
    expect(scene.asked).toEqual(['end-call', 'call', 'subscribe c returned']);
    const hears = [...scene.calls.values()].map(({ channelId, hearing }) => `${channelId} ${hearing !== null}`);
    expect(hears).toEqual(['c true', 'returned false']);
    expect(scene.anchors.has('gone')).toBe(false);
  });

  it('calls end that Asterisk has lost in the meantime, and it tells of the end of all others', async () => {
    for (const id of ['a', 'b', 'd']) await scene.anchors.ensure({ ...ANSWERED, id });
    scene.unreportedEnd = 'b';
    scene.asked = [];
    await scene.anchors.retain(new Set(['a', 'b', 'd']));
    expect(scene.asked).toEqual(['subscribe a b d', 'subscribe a', 'subscribe b', 'end-call', 'subscribe d']);
    expect([...scene.calls.keys()]).toEqual(['a', 'd']);
  });

  it('calls are forgotten as well that the relay has nothing to do with, or not yet', async () => {
    scene.mediaAddress = null;
    await scene.anchors.ensure(EARLY);
    const pending = scene.anchors.ensure({ ...EARLY, id: 'pending' });
    await scene.anchors.retain(new Set());
    await expect(pending).rejects.toMatchObject({ code: 'not-possible' });
    expect([scene.anchors.has('c'), scene.anchors.has('pending')]).toEqual([false, false]);
  });
});
