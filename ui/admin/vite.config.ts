import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { precompress } from '../precompress.ts';

/** The pages for administrators are a build of their own, so that the sign-in carries nothing of them, and a folder to leave out. */
export default defineConfig({
  base: '/admin/',
  publicDir: false,
  plugins: [svelte({ configFile: false, emitCss: true }), precompress()],
  cacheDir: '../../node_modules/.vite-admin',
  build: {
    outDir: '../dist/admin',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
