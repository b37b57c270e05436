import type { CallHead } from '../flavour.ts';
import type { Credential } from './credentials.ts';

/** Where a call goes, as far as host, path and signature say: cloud resource, deployment, project, region. */
export interface CloudPlace {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly provider: { readonly project_id?: string; readonly region?: string };
}

const AZURE = /^([a-z0-9][a-z0-9-]{0,63})\.(?:openai|cognitiveservices|services\.ai)\.azure\.com$/;
const DEPLOYMENT = /\/deployments\/([^/]{1,128})(?:\/|$)/;
const BEDROCK = /^bedrock[a-z-]*\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com|api\.aws)(?:\.cn)?$/;
const VERTEX = /\/projects\/([\w.:-]{1,64})\/locations\/([a-z0-9-]{1,32})\//;
const VERTEX_HOST = /^([a-z]+(?:-[a-z]+)*\d?)-aiplatform\.googleapis\.com$/;

/** Sources: Azure OpenAI, Bedrock and Vertex AI API references, endpoints (November 2026). */
export function cloudPlaceOf(head: CallHead, credentials: readonly Credential[]): CloudPlace {
  const resource = AZURE.exec(head.host)?.[1];
  if (resource !== undefined) {
    const deployment = DEPLOYMENT.exec(head.path)?.[1];
    const version = /(?:^|&)api-version=([\w.-]{1,64})(?:&|$)/.exec(head.query)?.[1];
    return {
      attrs: {
        'azure.resource_provider.namespace': 'Microsoft.CognitiveServices',
        'oisp.azure.resource': resource,
        ...(deployment !== undefined && { 'oisp.azure.deployment': deployment }),
        ...(version !== undefined && { 'oisp.request.api_version': version }),
      },
      provider: {},
    };
  }
  const aws = credentials.find((credential) => credential.aws !== undefined)?.aws;
  const region = aws?.region ?? BEDROCK.exec(head.host)?.[1];
  if (aws !== undefined || region !== undefined)
    return {
      attrs: aws === undefined ? {} : { 'oisp.aws.service': aws.service },
      provider: region === undefined ? {} : { region },
    };
  if (!head.host.endsWith('aiplatform.googleapis.com')) return { attrs: {}, provider: {} };
  const [, project, location] = VERTEX.exec(head.path) ?? [];
  const place = location ?? VERTEX_HOST.exec(head.host)?.[1];
  return {
    attrs: {},
    provider: { ...(project !== undefined && { project_id: project }), ...(place !== undefined && { region: place }) },
  };
}
