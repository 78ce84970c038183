import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * What the server serves at `/`. File names carry a hash of what is in them, so that browsers may keep them for ever; nothing is
 * written into the page itself, because our policy for scripts and styles allows files of our own only.
 */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    assetsDir: 'console',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
  },
  server: { proxy: { '^/(v1|docs|page|share|content|inbox|openapi.json)': 'http://127.0.0.1:8484' } },
});
