import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controllerAlone } from '../../kit/controller-alone.ts';
import { TestNetwork, TestNode } from './cluster-nodes.ts';
import { channelOf } from './fake-asterisk.ts';

const SILENT = 'sound: { prompts: { welcome: none, alone: none }, music: none }';
const GUARDED = `${SILENT}\naccess: { userPin: "1234" }`;

let network: TestNetwork;
let lyon: TestNode;
let oslo: TestNode;
let rome: TestNode;

beforeEach(async () => {
  vi.useFakeTimers();
  network = new TestNetwork();
  const node = (id: string) => new TestNode(id, network, GUARDED, { capacity: 3, sip: `sip:${id}` });
  [lyon, oslo, rome] = [node('lyon'), node('oslo'), node('rome')];
  const started = Promise.all([lyon, oslo, rome].map((each) => each.start()));
  await vi.advanceTimersByTimeAsync(2000);
  await started;
});

afterEach(async () => {
  await Promise.all([lyon, oslo, rome].map((each) => each.stop()));
  vi.useRealTimers();
});

/** Sends a caller of lyon to the right node, and tells which one that is and why. */
function sendOne(): string {
  const { node, reason } = lyon.cluster.routeOf('3000');
  if (node !== null && node !== 'lyon') lyon.cluster.sent(node);
  return `${node} ${reason}`;
}

describe('a storm of calls', () => {
  it('fills one node after the other, though none has told of a caller yet', () => {
    lyon.cluster.drain(true);
    const routes = Array.from({ length: 8 }, sendOne);
    const counts = (route: string) => routes.filter((each) => each === route).length;
    expect([counts('oslo draining'), counts('rome draining'), counts('lyon only-here')]).toEqual([3, 3, 2]);
  });

  it('is not counted twice when the callers have arrived, nor for ever when they have not', async () => {
    lyon.cluster.drain(true);
    const first = sendOne();
    const there = first.startsWith('oslo') ? oslo : rome;
    there.call();
    await vi.advanceTimersByTimeAsync(100);
    expect(Array.from({ length: 5 }, sendOne)).not.toContain('lyon only-here');
    expect(sendOne()).toBe('lyon only-here');
    await vi.advanceTimersByTimeAsync(1100);
    expect(sendOne()).not.toBe('lyon only-here');
  });
});

describe('the route of a caller', () => {
  it('does not lead to a node that is silent', async () => {
    lyon.cluster.drain(true);
    await oslo.stop();
    await rome.stop();
    expect(sendOne()).toBe('lyon only-here');
  });

  it('leads nowhere when this node is full too', async () => {
    for (const node of [oslo, rome]) node.cluster.drain(true);
    for (let call = 0; call < 3; call++) lyon.call();
    await vi.advanceTimersByTimeAsync(100);
    expect(sendOne()).toBe('null no-room');
  });

  it('counts every call, those of ghosts and of callers at the PIN as well', async () => {
    const callAt = (node: TestNode) => [node.call(), node.call('3000', '+ghost', '+auth'), node.call('3000', '+auth')];
    callAt(oslo);
    rome.cluster.drain(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(oslo.cluster.nodes[0]).toMatchObject({ id: 'oslo', members: 1, calls: 3 });
    expect(lyon.cluster.nodes[1]).toMatchObject({ id: 'oslo', members: 1, calls: 3 });
    expect(oslo.cluster.isFull).toBe(true);
    expect(oslo.cluster.routeOf('3000')).toMatchObject({ node: 'lyon', reason: 'full' });
    callAt(lyon);
    expect(sendOne()).toBe('null no-room');
  });
});

describe('a caller of the lobby who comes while Asterisk is being read', () => {
  it('is sent to another node once', async () => {
    const args = ['lobby', 'default'];
    const channel = { ...channelOf('a', args), dialled: '2000' };
    const asked: string[] = [];
    const ask = (method: string) => {
      asked.push(method);
      if (method === 'listChannels') return new Promise((resolve) => setTimeout(resolve, 50, [channel]));
      if (method === 'readVariables') return {};
      return method === 'listBridges' ? [] : null;
    };
    const openChannel = (deps: Parameters<TestNetwork['open']>[1]) => network.open('paris', deps);
    const { controller, cluster } = controllerAlone({ nodeId: 'paris', profile: SILENT, openChannel, ask });
    const started = cluster.start();
    await vi.advanceTimersByTimeAsync(2000);
    await started;
    cluster.drain(true);
    controller.resync();
    await vi.advanceTimersByTimeAsync(20);
    controller.handle({ type: 'StasisStart', args, channel });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.filter((method) => method === 'redirect')).toHaveLength(1);
    controller.stop();
    await cluster.stop();
  });
});

describe('a node whose Asterisk cannot let in as many calls as come', () => {
  const REDIRECT = 'PJSIP/sip:3000@paris;rostrum=nice';
  let network: TestNetwork;
  let nice: ReturnType<typeof controllerAlone>;
  let paris: TestNode;
  let asked: { method: string; args: unknown[] }[];
  let answers: boolean;

  beforeEach(async () => {
    network = new TestNetwork();
    asked = [];
    answers = false;
    const ask = (method: string, ...args: unknown[]) => {
      asked.push({ method, args });
      if (method === 'answer' && !answers) return new Promise(() => {});
      return method.startsWith('list') ? [] : null;
    };
    const openChannel = (deps: Parameters<TestNetwork['open']>[1]) => network.open('nice', deps);
    nice = controllerAlone({ nodeId: 'nice', profile: SILENT, openChannel, ask, cluster: { capacity: 30 } });
    paris = new TestNode('paris', network, SILENT, { sip: 'sip:paris' });
    const started = Promise.all([nice.cluster.start(), paris.start()]);
    await vi.advanceTimersByTimeAsync(2000);
    await started;
  });

  afterEach(async () => {
    nice.controller.stop();
    await nice.cluster.stop();
    await paris.stop();
  });

  const dial = (id: string) => {
    const channel = { ...channelOf(id, []), dialled: '3000' };
    nice.controller.handle({ type: 'StasisStart', args: ['join', '3000', 'default'], channel });
  };
  const dialMany = (count: number) => {
    for (let index = 0; index < count; index++) dial(`c${index}`);
  };
  const redirected = () => asked.filter(({ method, args }) => method === 'redirect' && args[1] === REDIRECT);

  it('tells the others, and sends new calls to them once calls have waited for 2 s', async () => {
    dialMany(20);
    await vi.advanceTimersByTimeAsync(2000);
    expect(redirected()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    const seen = paris.cluster.nodes.find(({ id }) => id === 'nice');
    expect(seen?.admission).toMatchObject({ waiting: 12, refused: 0 });
    expect(paris.cluster.routeOf('3000').node).toBe('paris');
    dial('late');
    await vi.advanceTimersByTimeAsync(100);
    expect(redirected().map(({ args }) => args[0])).toEqual(['late']);
    expect(nice.cluster.routeOf('3000')).toMatchObject({ node: 'paris', reason: 'congested' });
  });

  it('sends calls to them that have waited for too long, and refuses none', async () => {
    dialMany(20);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(redirected()).toEqual([]);
    await vi.advanceTimersByTimeAsync(7000);
    const sent = redirected().map(({ args }) => args[0]);
    expect(sent.length).toBeGreaterThan(0);
    expect(asked.filter(({ args }) => args[2] === 'BUSY')).toEqual([]);
  });

  it('counts those who wait as calls that it has', () => {
    dialMany(30);
    expect(nice.cluster.routeOf('3000')).toMatchObject({ node: 'paris', reason: 'full' });
    expect(nice.cluster.isFull).toBe(true);
  });
});
