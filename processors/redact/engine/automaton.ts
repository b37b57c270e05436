/** Anchors as one table: `next[state << 7 | code]`. Codes above 127 lead to state 0. States from `accepting` on have outputs. */
export interface Automaton {
  readonly next: Uint16Array;
  readonly accepting: number;
  /** Per state from `accepting` on: what ends there, the longest anchor first. */
  readonly outputs: readonly (readonly Output[])[];
}

export interface Output {
  /** Index given with the anchor. */
  readonly index: number;
  readonly length: number;
}

interface Node {
  readonly children: Map<number, Node>;
  readonly own: Output[];
  fail: Node | undefined;
  all: readonly Output[];
  id: number;
}

/** ASCII upper case becomes lower case, digits become `0`: anchors are found without case and with any digit in a digit's place. */
export function fold(code: number): number {
  if (code >= 65 && code <= 90) return code + 32;
  return code >= 48 && code <= 57 ? 48 : code;
}

/** Builds the table (Aho and Corasick 1975, with the failure function resolved into `next`). Anchors are ASCII and not empty. */
export function buildAutomaton(anchors: readonly { readonly text: string; readonly index: number }[]): Automaton {
  const root = node();
  for (const { text, index } of anchors) {
    let at = root;
    for (let i = 0; i < text.length; i++) {
      const code = fold(text.charCodeAt(i));
      if (code > 127) throw new RangeError(`the anchor ${JSON.stringify(text)} is not ASCII`);
      const child = at.children.get(code) ?? node();
      at.children.set(code, child);
      at = child;
    }
    at.own.push({ index, length: text.length });
  }
  const order = breadthFirst(root);
  if (order.length > 0xffff) throw new RangeError(`anchors make ${order.length} states, more than 65535`);
  // ids: states without outputs first, so that the scan asks with one comparison
  const silent = order.filter((n) => n.all.length === 0);
  const loud = order.filter((n) => n.all.length > 0);
  [...silent, ...loud].forEach((n, id) => {
    n.id = id;
  });
  const next = new Uint16Array(order.length << 7);
  for (const n of order) {
    for (let code = 0; code < 128; code++) next[(n.id << 7) | code] = step(n, fold(code)).id;
  }
  return { next, accepting: silent.length, outputs: loud.map((n) => n.all) };
}

function node(): Node {
  return { children: new Map(), own: [], fail: undefined, all: [], id: 0 };
}

function breadthFirst(root: Node): Node[] {
  const order: Node[] = [root];
  for (let i = 0; i < order.length; i++) {
    const parent = order[i];
    if (!parent) break;
    for (const [code, child] of parent.children) {
      child.fail = parent === root ? root : step(parent.fail ?? root, code);
      child.all = [...child.own, ...child.fail.all];
      order.push(child);
    }
  }
  return order;
}

function step(from: Node, code: number): Node {
  let at: Node = from;
  for (;;) {
    const child = at.children.get(code);
    if (child) return child;
    if (!at.fail) return at;
    at = at.fail;
  }
}
