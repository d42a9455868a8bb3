import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../../src/cluster/record.ts';
import { countMembers, hasMandatory } from '../../../src/conference/model/conference.ts';
import type { Input } from '../../../src/conference/model/inputs.ts';
import { commands, enters, joins, leaves } from '../conference/conferences.ts';
import { Network, type Node } from './network.ts';

const IDS = ['a', 'b', 'c'];

const channel = fc.constantFrom('1', '2', '3', '4');
const happening: fc.Arbitrary<Input> = fc.oneof(
  fc
    .tuple(channel, fc.boolean(), fc.boolean())
    .map(([channelId, ghost, mandatory]) => joins(channelId, { speaker: true, ghost, mandatory })),
  channel.map(enters),
  channel.map(leaves),
  fc
    .tuple(channel, fc.boolean())
    .map(([channelId, talking]): Input => ({ type: 'talking', channelId, talking, levelDbov: null })),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.boolean())
    .map(([memberId, raised]) => commands({ type: 'raise-hand', memberId, raised })),
  fc.boolean().map((locked) => commands({ type: 'lock', locked })),
  fc
    .constantFrom('all' as const, 'non-admins' as const, null)
    .map((audience) => commands({ type: 'mute-all', audience })),
  fc.constant<Input>({ type: 'tick' }),
);

const node = fc.nat(IDS.length - 1);
/** What the network does to the messages from one node to another. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('happens' as const), node, input: happening }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('deliver' as const), node, to: node }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('lose' as const, 'repeat' as const, 'swap' as const),
      node,
      to: node,
    }),
  },
);

/** What each node shows of a conference must be the same everywhere. */
function expectAgreement(nodes: readonly Node[]): void {
  for (const owner of nodes) {
    const own = [...owner.conference.members.values()].map(recordOf);
    for (const other of nodes) {
      if (other === owner) continue;
      const replica = other.state.nodes.get(owner.id)?.replica.conferences.get('3000');
      const known = [...(replica?.members.values() ?? [])].map(recordOf);
      expect(known.sort((a, b) => a.id - b.id)).toEqual(own);
      expect(replica?.record.status ?? 'new').toBe(owner.conference.status);
    }
  }
  const open = nodes.filter(({ conference }) => conference.status !== 'new');
  for (const seen of [countMembers, hasMandatory])
    expect(new Set(open.map(({ conference }) => seen(conference))).size).toBeLessThanOrEqual(1);
  expect(new Set(nodes.map(({ state }) => JSON.stringify(state.shared('3000')))).size).toBe(1);
  for (const { conference, state } of open) {
    expect({ locked: conference.locked, mutedAll: conference.mutedAll }).toEqual(state.shared('3000'));
  }
}

describe('a conference on three nodes', () => {
  it('looks the same on all of them once everything has been told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(node, happening, fc.boolean()), { maxLength: 40 }), (story) => {
        const network = new Network(IDS);
        for (const [at, input, settled] of story) {
          network.nodes[at]?.happens(input);
          if (settled) network.settle();
        }
        network.settle();
        expectAgreement(network.nodes);
      }),
      { numRuns: 150 },
    );
  });

  it('looks the same again after messages were lost, repeated or swapped, and the channels have been down', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (story) => {
        const network = new Network(IDS);
        const at = (index: number) => network.nodes[index] as Node;
        for (const each of story) {
          if (each.what === 'happens') at(each.node).happens(each.input);
          else if (each.node !== each.to) disturb(network, each.what, at(each.node), at(each.to));
        }
        network.reconnect();
        network.settle();
        expectAgreement(network.nodes);
      }),
      { numRuns: 200 },
    );
  });

  it('looks the same again after controllers were restarted, whatever their clocks said', () => {
    const restart = fc.record({
      what: fc.constant('restart' as const),
      node,
      incarnation: fc.nat(5),
      settled: fc.boolean(),
    });
    const stepOrRestart = fc.oneof({ weight: 10, arbitrary: step }, { weight: 1, arbitrary: restart });
    fc.assert(
      fc.property(fc.array(stepOrRestart, { maxLength: 60, size: 'max' }), (story) => {
        const network = new Network(IDS);
        const at = (index: number) => network.nodes[index] as Node;
        for (const each of story) {
          if (each.what === 'happens') at(each.node).happens(each.input);
          else if (each.what === 'restart') {
            network.restart(at(each.node), each.incarnation);
            if (each.settled) network.settle();
          } else if (each.node !== each.to) disturb(network, each.what, at(each.node), at(each.to));
        }
        network.reconnect();
        network.settle();
        expectAgreement(network.nodes);
      }),
      { numRuns: 200 },
    );
  });

  it('notices a lost delta by itself, and asks for everything', () => {
    const network = new Network(['a', 'b']);
    const [a, b] = network.nodes as [Node, Node];
    network.reconnect();
    network.settle();
    a.happens(joins('1'));
    network.queue('a', 'b').length = 0;
    a.happens(joins('2'));
    network.deliver(a, b);
    expect(network.queue('b', 'a')).toEqual([{ type: 'want-snapshot' }]);
    // No matter how many are missing, it is asked for once.
    a.happens(joins('3'));
    network.deliver(a, b);
    expect(network.queue('b', 'a')).toHaveLength(1);
    network.settle();
    expectAgreement(network.nodes);
    expect(b.state.remoteView('3000').admitted).toBe(3);
  });
});

function disturb(network: Network, what: 'deliver' | 'lose' | 'repeat' | 'swap', from: Node, to: Node): void {
  const queue = network.queue(from.id, to.id);
  const [first, second] = queue;
  if (what === 'deliver') network.deliver(from, to);
  if (what === 'lose') queue.shift();
  if (what === 'repeat' && first) queue.splice(1, 0, first);
  if (what === 'swap' && first && second) queue.splice(0, 2, second, first);
}
