/** The one file of undici that sends: the whole of it loads 90 modules more, for `fetch`, caches and mocks that nobody here uses. */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';
  export { Client as default };
}
