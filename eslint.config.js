import tseslint from "typescript-eslint";

/** `as` and `!` overrule the compiler: each needs a `// CAST:` comment with the reason. `as const` overrules nothing. */
const castNeedsReason = {
  meta: { type: "suggestion", schema: [], messages: { reason: "Say in a `// CAST:` comment why this is safe." } },
  create(context) {
    const { sourceCode } = context;
    const reasons = new Set();
    for (const comment of sourceCode.getAllComments()) {
      if (!comment.value.trim().startsWith("CAST:")) continue;
      // A reason may run over several comment lines; it stands for the code on its last line and on the next one.
      let end = comment.loc.end.line;
      while (sourceCode.lines[end]?.trim().startsWith("//")) end += 1;
      reasons.add(end).add(end + 1);
    }
    /** The reason may stand above the expression or above the statement, property or element that holds it. */
    function hasReason(node) {
      for (let at = node; at !== null && at.type !== "Program"; at = at.parent) {
        if (reasons.has(at.loc.start.line)) return true;
        if (/Statement$|Declaration$|Definition$|^Property$/.test(at.type)) return false;
      }
      return false;
    }
    function check(node) {
      if (!hasReason(node)) context.report({ node, messageId: "reason" });
    }
    return {
      TSNonNullExpression: check,
      TSTypeAssertion: check,
      TSAsExpression(node) {
        const { typeAnnotation } = node;
        if (typeAnnotation.type !== "TSTypeReference" || typeAnnotation.typeName.name !== "const") check(node);
      },
    };
  },
};

const generated = [
  "typechain-types/",
  "sdk/src/abi/",
  "sdk/dist/",
  "artifacts/",
  "cache/",
  "coverage/",
  "node_modules/",
  ".node/",
];

export default tseslint.config(
  { ignores: [...generated, "eslint.config.js"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { house: { rules: { "cast-needs-reason": castNeedsReason } } },
    rules: {
      "house/cast-needs-reason": "error",
      // The rule above asks for a reason where these would forbid or repeat.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // `false | void` is how a function says "nothing, or no".
      "@typescript-eslint/no-invalid-void-type": "off",
      // JSON, contract results and an interface's methods meet these without doing wrong.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      eqeqeq: "error",
      "no-restricted-syntax": ["error", { selector: "TSEnumDeclaration", message: "Use a union of string literals." }],
    },
  },
  {
    files: ["test/**/*.ts", "sdk/test/**/*.ts"],
    rules: {
      // chai's assertions are properties: `expect(x).to.be.true`.
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
);
