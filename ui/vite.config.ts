import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { precompress } from './precompress.ts';

/** What the pages for one's own account are made of, beside what all are. */
const own = /src\/(pages|messages|components)\/own\/|components\/(ChangeP|CodeF|New|OneTime|PasskeyL|Qr|Session|Token)|lib\/usercode/;

/** What hardly anybody gets to read. */
const rare = /src\/messages\/passkey\/|PasskeyProblem/;

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
    // Of the pages for one's own account there is one file, and one of all else, so that the form is there after one round trip;
    // the same of their styles.
    cssCodeSplit: true,
    rolldownOptions: {
      output: {
        postBanner: '//# allFunctionsCalledOnLoad',
        codeSplitting: {
          groups: [
            { name: 'pages', test: (id: string) => !own.test(id) && !rare.test(id), priority: 2 },
            { name: 'own', test: own, priority: 1 },
          ],
        },
      },
    },
  },
  // Component tests mount the browser's build of Svelte, not the server's.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    environment: 'happy-dom',
    testTimeout: 60_000, // a machine that does much else is slow
    include: ['tests/unit/**/*.test.ts'],
  },
});
