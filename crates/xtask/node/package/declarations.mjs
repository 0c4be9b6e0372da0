// Brings the declarations that tsc wrote for an entry and what it imports into one file, without what the entry does
// not show.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const HEADER = "// The types of @vouchkey/wasm.\n";
const IMPORT = /^import (?:type )?\{(?<names>[^}]*)\} from "(?<from>[^"]*)";$/;
const REEXPORT = /^export (?:type )?\{(?<names>[^}]*)\} from "(?<from>[^"]*)";$/;
const REEXPORT_ALL = /^export \* from "(?<from>[^"]*)";$/;
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:function|class|interface|type|const|enum) (?<name>[A-Za-z_$][\w$]*)/;

/** The declarations of `FOLDER/ENTRY.d.ts` as one text. */
export function flatten(folder, entry) {
  const modules = new Map();
  const shown = exportsOf(load(modules, folder, `./${entry}.js`), modules, folder);
  const all = new Map();
  for (const module of modules.values()) {
    for (const [name, statements] of module.declared) {
      if (all.has(name)) {
        throw new Error(`${name} is declared twice: one of them needs another name`);
      }
      all.set(name, statements);
    }
  }
  const wanted = new Set();
  const want = (name) => {
    if (!all.has(name) || wanted.has(name)) {
      return;
    }
    wanted.add(name);
    for (const [word] of withoutComments(all.get(name).join("\n")).matchAll(/[A-Za-z_$][\w$]*/g)) {
      want(word);
    }
  };
  shown.forEach(want);
  const statements = [...all].flatMap(([name, statements]) =>
    !wanted.has(name) ? [] : shown.has(name) ? statements : statements.map((text) => text.replace(/^export /m, "")),
  );
  return `${HEADER}\n${statements.join("\n\n")}\n\nexport {};\n`;
}

/** Reads a module, and all that it takes something from, once. */
function load(modules, folder, path) {
  const known = modules.get(path);
  if (known) {
    return known;
  }
  const module = { declared: new Map(), exported: new Set(), named: [], all: [] };
  // Entered at once, and again at the end: in the order of the file, after what it depends on.
  modules.set(path, module);
  const dependencies = [];
  for (const statement of statementsOf(readFileSync(join(folder, path.replace(/\.js$/, ".d.ts")), "utf8"))) {
    const code = withoutComments(statement).trim();
    const declaration = DECLARATION.exec(code);
    const other = IMPORT.exec(code) ?? REEXPORT.exec(code) ?? REEXPORT_ALL.exec(code);
    if (declaration) {
      const { name } = declaration.groups;
      module.declared.set(name, [...(module.declared.get(name) ?? []), statement]);
      if (code.startsWith("export ")) {
        module.exported.add(name);
      }
    } else if (other) {
      const { names, from } = other.groups;
      if (names?.includes(" as ")) {
        throw new Error(`${path}: a name must stay as it is: ${code}`);
      }
      if (from.startsWith("./")) {
        dependencies.push(from);
        if (code.startsWith("export *")) {
          module.all.push(from);
        } else if (code.startsWith("export")) {
          module.named.push(...names.split(",").map((name) => name.trim().replace(/^type /, "")));
        }
      }
    } else if (code !== "" && code !== "export {};") {
      throw new Error(`${path}: a statement of a kind that is not known: ${code}`);
    }
  }
  dependencies.forEach((dependency) => load(modules, folder, dependency));
  modules.delete(path);
  modules.set(path, module);
  return module;
}

/** All names that a module shows. */
function exportsOf(module, modules, folder) {
  const names = new Set([...module.exported, ...module.named]);
  for (const path of module.all) {
    exportsOf(load(modules, folder, path), modules, folder).forEach((name) => names.add(name));
  }
  return names;
}

/** The statements at the top level, each with the comment before it. */
function statementsOf(text) {
  const statements = [];
  let lines = [];
  for (const line of text.split("\n")) {
    lines.push(line);
    const code = withoutComments(lines.join("\n")).trim();
    const depth = [...code].reduce((depth, sign) => depth + ("{([".includes(sign) ? 1 : "})]".includes(sign) ? -1 : 0), 0);
    if (/[;}]$/.test(code) && depth === 0) {
      statements.push(lines.join("\n").trim());
      lines = [];
    } else if (code === "" && line === "") {
      // A comment that belongs to nothing, as that at the head of a file.
      lines = [];
    }
  }
  return statements;
}

function withoutComments(text) {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
