import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const runtimeOnly = {
  group: ['onnxruntime-web', 'onnxruntime-web/*'],
  message: 'Only src/worker/runtime imports ONNX Runtime.',
};

export default defineConfig(
  { ignores: ['dist', 'package', 'node_modules', 'src/shared/generated.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          './tsconfig.shared.json',
          './tsconfig.worker.json',
          './tsconfig.main.json',
          './tsconfig.test.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // The compilers already know which globals exist where.
      'no-undef': 'off',
      'no-console': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Event handlers in one line: `onClick={() => view.fit()}`.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/worker/runtime/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [runtimeOnly] }] },
  },
  {
    // Browsers turn and colour pictures by rules of their own; these files know them.
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/pixels/decodePhoto.ts', 'src/app/photos/pixels.ts', 'src/pieces/widget.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'createImageBitmap', message: 'Pixels of files come from pixels/decodePhoto.ts.' },
        { name: 'Image', message: 'Pixels of files come from pixels/decodePhoto.ts.' },
        { name: 'ImageDecoder', message: 'Pixels of files come from pixels/decodePhoto.ts.' },
      ],
    },
  },
  {
    // Words are read and translated in one place.
    files: ['src/app/**/*.tsx'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          'JSXText[value=/[A-Za-z]{2}/]',
          'JSXAttribute[name.name=/^(aria-label|aria-description|title|placeholder|heading|closing)$/] > Literal[value=/[A-Za-z]/]',
        ].map((selector) => ({ selector, message: 'Words of the page are in src/app/wording.' })),
      ],
    },
  },
  {
    // Not tests: their longest functions are lists of cases.
    files: ['{src,fuzz,bench,scripts}/**'],
    rules: { 'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }] },
  },
  { files: ['scripts/**', 'e2e/**'], rules: { 'no-console': 'off' } },
);
