import { expect, it } from 'vitest';
import { isIn, isLoopback, isWithin, type Network, parseIpv4, parseNetwork } from '../../../src/doctor/checks/ip.ts';

const network = (text: string) => parseNetwork(text) as Network;

it.each(['', '127.0.0', '127.0.0.256', '127.0.0.1.1', 'fd00::1', '127.0.0.x'])('"%s" is no IPv4 address', (text) => {
  expect(parseIpv4(text)).toBeNull();
  expect(parseNetwork(`${text}/24`)).toBeNull();
  expect(isLoopback(text)).toBe(false);
});

it('a network has a mask in one of two forms, or is one address', () => {
  expect(network('127.0.99.7/24')).toEqual(network('127.0.99.0/255.255.255.0'));
  expect(network('192.0.2.1')).toEqual(network('192.0.2.1/32'));
  expect(parseNetwork('192.0.2.1/33')).toBeNull();
});

it.each([
  ['203.0.113.255', '203.0.113.0/24', true],
  ['203.0.114.0', '203.0.113.0/24', false],
  ['8.8.8.8', '0.0.0.0/0', true],
])('%s in %s: %s', (address, net, expected) => {
  expect(isIn(parseIpv4(address) ?? 0, network(net))).toBe(expected);
});

it.each([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.0.0.0/7', '10.0.0.0/8', false],
  ['11.0.0.0/16', '10.0.0.0/8', false],
])('%s within %s: %s', (inner, outer, expected) => {
  expect(isWithin(network(inner), network(outer))).toBe(expected);
});
