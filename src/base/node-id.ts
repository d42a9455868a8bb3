/** The name of a node: safe in a host name, a TLS identity, a subject of NATS and a log. */
export const NODE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

export const LONGEST_NODE_ID = 32;

/** The name of a node that has no configured one. @param hostName the name of the machine */
export function nodeIdFrom(hostName: string): string {
  const [first = ''] = hostName.split('.');
  const valid = first.replaceAll(/[^A-Za-z0-9_-]/g, '-').replace(/^[_-]+/, '');
  return valid.slice(0, LONGEST_NODE_ID) || 'node';
}
