// Who is served. The dashboard can start processes and read pictures, and every page in the user's browser can send requests
// to this port: so only pages of this server may ask (Host and Origin), which also stops names that are rebound to 127.0.0.1.
// A server that listens beyond this machine wants a token on top.
import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

export interface GuardOptions {
  /** The port is known once the server listens. */
  readonly port: () => number;
  /** Left out = only requests to a loopback name are served. */
  readonly token?: string;
}

const loopback = ['127.0.0.1', 'localhost', '[::1]'];

/** Nothing from elsewhere is loaded, run or embedded; style attributes are the report's own. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** Cookies aren't told apart by port: the name is. */
const cookieOf = (port: number) => `vitune-${port}`;

export function guard({ port, token }: GuardOptions): MiddlewareHandler {
  return async (c, next) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    const host = c.req.header('host') ?? '';
    if (token === undefined && !loopback.some((name) => host === `${name}:${port()}`))
      return c.json({ error: `refused: this server answers to localhost:${port()} only` }, 403);
    const origin = c.req.header('origin');
    if (origin !== undefined && origin !== `http://${host}`)
      return c.json({ error: 'refused: the request comes from another page' }, 403);
    // A form or an image of another page sends no Origin on GET, but browsers say where it comes from.
    const site = c.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      return c.json({ error: 'refused: the request comes from another page' }, 403);
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && origin === undefined)
      return c.json({ error: 'refused: a request that changes something needs an Origin' }, 403);
    if (token === undefined) return next();
    const given = c.req.query('token');
    if (given !== undefined && sameText(given, token) && c.req.path === '/') {
      setCookie(c, cookieOf(port()), token, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return c.redirect('/');
    }
    const bearer = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (!sameText(bearer ?? getCookie(c, cookieOf(port())) ?? '', token))
      return c.json({ error: 'refused: open the address with the token that vitune ui printed' }, 401);
    return next();
  };
}
