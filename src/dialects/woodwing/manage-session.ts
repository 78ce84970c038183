/**
 * Signing in as the vendor has it. `apilogin` hands out a bearer token, `login` a cookie and a token for the header
 * `X-CSRF-TOKEN`. Who fails is answered 200 with `loginSuccess: false`, which is what the vendor's clients look at.
 */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';

/** The version of the vendor's server whose API this is; the newest that the pages we follow name. */
const serverVersion = '6.86.0';
const wrongMessage = 'Invalid username or password';

/** From the query, as the vendor's own sample sends them, or from a form or JSON. */
function credentials({ query, body }: VendorRequest): VendorCommand {
  const given = (name: string): string => {
    const value = body === null ? undefined : ownValue(body, name);
    return typeof value === 'string' ? value : (query[name] ?? '');
  };
  return { command: 'sessions.open', input: { username: given('username'), password: given('password') } };
}

function answered(result: JsonObject, tokens: JsonObject): VendorAnswer {
  if (ownValue(result, 'signedIn') !== true) {
    return { status: 200, body: { loginSuccess: false, loginFaultMessage: wrongMessage, serverVersion } };
  }
  return { status: 200, body: { loginSuccess: true, loginFaultMessage: '', serverVersion, ...tokens } };
}

function apiLogin(): VendorRoute {
  return {
    method: 'POST',
    path: '/services/apilogin',
    scope: 'public',
    parse: credentials,
    present: (result) => answered(result, { authToken: ownValue(result, 'token') ?? '' }),
  };
}

function login(): VendorRoute {
  return {
    method: 'POST',
    path: '/services/login',
    scope: 'public',
    signsIn: true,
    parse: credentials,
    present: (result) =>
      answered(result, {
        csrfToken: ownValue(result, 'csrfToken') ?? '',
        userProfile: { username: ownValue(result, 'name') ?? '' },
      }),
  };
}

function logout(): VendorRoute {
  return {
    method: 'POST',
    path: '/services/logout',
    scope: 'public',
    body: 'ignored',
    parse: () => ({ command: 'sessions.close', input: {} }),
    present: () => ({ status: 200, body: { logoutSuccess: true } }),
  };
}

export const sessionRoutes: readonly VendorRoute[] = [apiLogin(), login(), logout()];
