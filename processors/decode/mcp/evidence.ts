import type { Evidence } from '../connection-info.ts';
import type { CallHead } from '../flavour.ts';

/** Header fields that only MCP has (modelcontextprotocol.io/specification/2025-06-18, 2026-07-28, basic/transports). */
const FIELDS = ['mcp-protocol-version', 'mcp-session-id', 'mcp-method'];

/** What the head of a request tells: `certain` where it can only be MCP, `possible` where its body or its answer has to say so. */
export type Likelihood = 'certain' | 'possible' | 'no';

export function likelihoodOf(head: CallHead): Likelihood {
  const isOurs = FIELDS.some((name) => head.headers.has(name));
  switch (head.method) {
    case 'POST':
      return isOurs ? 'certain' : isJson(head) ? 'possible' : 'no';
    case 'GET':
      if (!accepts(head, 'text/event-stream')) return 'no';
      return isOurs || hasMcpPath(head) ? 'certain' : 'possible';
    case 'DELETE':
      return head.headers.has('mcp-session-id') ? 'certain' : 'no';
    default:
      return 'no';
  }
}

function isJson(head: CallHead): boolean {
  const type = head.headers.get('content-type');
  return type === undefined || /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

function accepts(head: CallHead, type: string): boolean {
  return head.headers.get('accept')?.toLowerCase().includes(type) === true;
}

/** Paths that most servers have (2024-11-05 and 2025-03-26, basic/transports, and the SDKs' examples). */
function hasMcpPath(head: CallHead): boolean {
  return /\/(?:mcp|sse)$/.test(head.path);
}

/** How sure it is that a request is MCP. `isKnown`: client and server were seen to agree on a version. */
export function evidenceOf(head: CallHead, isKnown: boolean): Evidence {
  const reasons: string[] = [];
  for (const name of FIELDS) if (head.headers.has(name)) reasons.push(`header ${name}`);
  if (isKnown) reasons.push('initialize was answered');
  const level = reasons.length > 0 ? 'high' : 'medium';
  reasons.push('JSON-RPC of MCP in the body');
  if (hasMcpPath(head)) reasons.push('path of MCP');
  if (accepts(head, 'application/json') && accepts(head, 'text/event-stream')) reasons.push('accept of MCP');
  return { level, reasons, method: 'payload_inspection', missing: [] };
}
