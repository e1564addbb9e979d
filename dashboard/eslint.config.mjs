import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const config = [
  ...next,
  ...typescript,
  { ignores: ["out/**", ".next/**", "src/api/schema.d.ts", "next-env.d.ts"] },
  {
    rules: {
      "no-console": "error",
      eqeqeq: "error",
      "react/forbid-dom-props": ["error", { forbid: ["style"] }],
      "react/no-danger": "error",
    },
  },
];

export default config;
