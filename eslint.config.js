// Lints the browser scripts and their tests. Undefined names are left to the type checker, which knows all files of a script.

import js from "@eslint/js";

export default [
  { ignores: ["**/.*/", "build/"] },
  js.configs.recommended,
  {
    rules: {
      "no-undef": "off",
      "no-unused-vars": ["error", { vars: "local", ignoreRestSiblings: true }],
      "arrow-body-style": "error",
      "default-param-last": "error",
      "dot-notation": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-else-return": "error",
      "no-implicit-coercion": "error",
      "no-lonely-if": "error",
      "no-new": "error",
      "no-param-reassign": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unneeded-ternary": "error",
      "no-unused-expressions": "error",
      "no-useless-computed-key": "error",
      "no-useless-concat": "error",
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "prefer-template": "error",
      "max-params": ["error", 6],
      "max-depth": ["error", 4],
      "max-lines-per-function": ["error", 50],
      "max-lines": ["error", { max: 280, skipBlankLines: true, skipComments: true }],
      complexity: ["error", 10],
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
  {
    files: ["peerattn/**/*.js"],
    languageOptions: { sourceType: "script", parserOptions: { ecmaFeatures: { impliedStrict: true } } },
  },
  {
    files: ["peerattn/figures/browser/streamlit/*.js"],
    languageOptions: { sourceType: "module", parserOptions: { ecmaFeatures: { impliedStrict: false } } },
  },
  {
    files: ["tests/**/*.js"],
    languageOptions: { globals: { Buffer: "readonly", URL: "readonly", URLSearchParams: "readonly" } },
    rules: { "no-undef": "error" },
  },
];
