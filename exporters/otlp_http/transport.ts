import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { messageOf, RetryableError, type TlsClientConfig } from '../../core/index.ts';
import type { Answer } from './answer.ts';

export interface TransportOptions {
  readonly tls: TlsClientConfig;
  readonly maxIdle: number;
  readonly idleTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** How much of an answer is read. */
const MAX_BODY = 64 * 1024;

/** Posts bodies over kept-alive connections; never follows redirects. */
export class Transport {
  readonly #options: TransportOptions;
  #http: http.Agent | undefined;
  #https: https.Agent | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Reads the TLS files. Throws when one cannot be read. */
  async open(): Promise<void> {
    const { tls, maxIdle, idleTimeoutMs } = this.#options;
    const agent = {
      keepAlive: true,
      maxFreeSockets: maxIdle,
      ...(idleTimeoutMs > 0 ? { timeout: idleTimeoutMs } : {}),
    };
    const [ca, cert, key] = await Promise.all(
      [tls.ca_file, tls.cert_file, tls.key_file].map((file) => (file === undefined ? undefined : readFile(file))),
    );
    this.#http = new http.Agent(agent);
    this.#https = new https.Agent({
      ...agent,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.server_name_override === undefined ? {} : { servername: tls.server_name_override }),
      rejectUnauthorized: !tls.insecure_skip_verify,
      minVersion: tls.min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    });
  }

  close(): void {
    this.#http?.destroy();
    this.#https?.destroy();
  }

  /**
   * One POST. Rejects with a RetryableError when no whole answer comes. A connection that the server closed while it was idle is replaced
   * at once, without using up a try.
   */
  async post(url: URL, body: Buffer, headers: http.OutgoingHttpHeaders, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      try {
        return await this.#once(url, body, headers, signal);
      } catch (error) {
        // Each stale connection leaves the pool with its error, and a new one is never stale: this ends.
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  #once(url: URL, body: Buffer, headers: http.OutgoingHttpHeaders, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        agent: secure ? this.#https : this.#http,
        headers: { ...this.#options.headers, ...headers, 'content-length': body.length },
      });
      let isAnswered = false;
      const where = `${url.origin}${url.pathname}`;
      const fail = (cause: unknown): void => {
        signal.removeEventListener('abort', onAbort);
        if (signal.aborted) reject(signal.reason);
        else reject(failure(where, cause, request.reusedSocket && !isAnswered));
      };
      const onAbort = (): void => {
        request.destroy();
        reject(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('error', fail);
      request.on('response', (response) => {
        isAnswered = true;
        read(response).then(
          ({ bytes, isCut }) => {
            signal.removeEventListener('abort', onAbort);
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers['content-type'] ?? '',
              retryAfter: response.headers['retry-after'],
              location: response.headers.location,
              body: bytes,
              isCut,
            });
          },
          (cause: unknown) => fail(cause),
        );
      });
      request.end(body);
    });
  }
}

class StaleConnection extends RetryableError {}

function failure(where: string, cause: unknown, mayBeStale: boolean): RetryableError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const options = { code: 'OTLP_UNREACHABLE', cause };
  if (mayBeStale && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return new StaleConnection(`connection to ${where} was closed`, options);
  }
  return new RetryableError(`no answer from ${where} (${code ?? messageOf(cause)})`, options);
}

async function read(response: http.IncomingMessage): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY) {
      response.destroy();
      return { bytes: Buffer.concat(chunks).subarray(0, MAX_BODY), isCut: true };
    }
  }
  return { bytes: Buffer.concat(chunks), isCut: false };
}
