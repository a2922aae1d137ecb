import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { precompress } from './precompress.ts';

export default defineConfig({
  // Styles always go to a file: the pages' Content-Security-Policy allows no inline style.
  plugins: [svelte({ configFile: false, emitCss: true }), precompress()],
  cacheDir: '../node_modules/.vite',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Nearly every function is called at once: Chromium then compiles them all beside the main thread, while the file comes in.
    rolldownOptions: { output: { postBanner: '//# allFunctionsCalledOnLoad' } },
  },
  // Component tests mount the browser's build of Svelte, not the server's.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    environment: 'happy-dom',
    include: ['tests/unit/**/*.test.ts'],
  },
});
