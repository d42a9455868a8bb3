import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controllerAlone } from '../../kit/controller-alone.ts';
import { channelOf } from './asterisk-stand-in.ts';
import { TestNetwork, TestNode } from './cluster-nodes.ts';

const SILENT = 'sound: { prompts: { welcome: none, alone: none }, music: none }';

let network: TestNetwork;
let lyon: TestNode;
let oslo: TestNode;
let rome: TestNode;

beforeEach(async () => {
  vi.useFakeTimers();
  network = new TestNetwork();
  const node = (id: string) => new TestNode(id, network, SILENT, { capacity: 3, sip: `sip:${id}` });
  [lyon, oslo, rome] = [node('lyon'), node('oslo'), node('rome')];
  const started = Promise.all([lyon, oslo, rome].map((each) => each.start()));
  await vi.advanceTimersByTimeAsync(2000);
  await started;
});

afterEach(async () => {
  await Promise.all([lyon, oslo, rome].map((each) => each.stop()));
  vi.useRealTimers();
});

/** Sends a caller of lyon where he belongs, and tells where that is and why. */
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
});

describe('a caller of the lobby who comes while Asterisk is being read', () => {
  it('is sent to another node once', async () => {
    const args = ['lobby', 'default'];
    const channel = { ...channelOf('a', args), dialled: '2000' };
    const asked: string[] = [];
    const ask = (method: string) => {
      asked.push(method);
      if (method === 'listChannels') return new Promise((resolve) => setTimeout(resolve, 50, [channel]));
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
