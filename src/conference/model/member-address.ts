import { NODE_ID } from '../../base/node-id.ts';

/** A member of the cluster: the number in the conference on the node that was called; without a node, on this one. */
export type MemberAddress = { readonly memberId: number; readonly node?: string | undefined };

/** The member that a command has turned out to mean: the one who joined last, or the one who has a new number there. */
export type Meant = MemberAddress & { readonly conference: string };

/** @returns null unless the text is like `7` or `7@lyon` */
export function parseMemberAddress(text: string): MemberAddress | null {
  const [, id = '', node] = /^([1-9]\d{0,8})(?:@(.*))?$/s.exec(text) ?? [];
  if (id === '' || (node !== undefined && !NODE_ID.test(node))) return null;
  return { memberId: Number(id), ...(node !== undefined && { node }) };
}

/** @param node null for this one */
export function formatMemberAddress(memberId: number, node: string | null): string {
  return node === null ? String(memberId) : `${memberId}@${node}`;
}
