//! Makes a module's panics say nothing: `trim-panics MODULE`, which is written anew in its place.
//!
//! A panic ends in a trap, with or without words, and nobody can read the words: the module has no
//! console. But what puts them together weighs 3 KB, compressed, and the compiler that can leave it
//! out is not a stable one. So each function that only begins a panic becomes the trap itself, and
//! the places in the sources that they would name become zeros. wasm-opt then drops what is not
//! called any more. Functions are found by name: the module must still have its names.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;

use walrus::ir::{Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ExportItem, FunctionBuilder, FunctionId, FunctionKind,
    Module,
};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// What begins a panic in the standard library, without the hashes of its crates.
const PANICS: [&str; 12] = [
    "core::panicking::",
    "std::panicking::",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::cell::panic_",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "core::num::int_log10::panic_",
    "std::thread::local::panic_access_error",
    "alloc::raw_vec::handle_error",
    "alloc::alloc::handle_alloc_error",
];

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: trim-panics MODULE");
        return ExitCode::FAILURE;
    };
    match trim(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trim(path: &str) -> Outcome {
    let mut module = Module::from_file(path)?;
    let panics: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| {
            module
                .funcs
                .get(*id)
                .name
                .as_deref()
                .is_some_and(begins_panic)
        })
        .collect();
    if panics.is_empty() {
        return Err("no panic has a name".into());
    }
    for id in panics {
        make_trap(&mut module, id);
    }
    for id in idle_formatting(&module) {
        make_trap(&mut module, id);
    }
    let data: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in data {
        let data = module.data.get_mut(id);
        if let DataKind::Active {
            offset: ConstExpr::Value(Value::I32(start)),
            ..
        } = data.kind
        {
            clear_places(&mut data.value, usize::try_from(start)?)?;
        }
    }
    module.emit_wasm_file(path)?;
    Ok(())
}

/// Whether a function of this name does nothing but begin a panic.
fn begins_panic(name: &str) -> bool {
    let name = without_hashes(name);
    let name = name.trim_start_matches('<');
    PANICS.iter().any(|panic| name.starts_with(panic)) || name.ends_with("::assert_failed")
}

/// `core[c5930c85a12de822]::option` as `core::option`.
fn without_hashes(name: &str) -> String {
    let mut parts = name.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if hash.len() == 16 => plain.push_str(rest),
            _ => {
                plain.push('[');
                plain.push_str(part);
            }
        }
    }
    plain
}

fn make_trap(module: &mut Module, id: FunctionId) {
    let ty = module.types.get(module.funcs.get(id).ty());
    let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
    let args = params.iter().map(|ty| module.locals.add(*ty)).collect();
    let mut trap = FunctionBuilder::new(&mut module.types, &params, &results);
    trap.func_body().unreachable();
    module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(args));
}

/// All that formats text, if nothing but panics did. Who wants a text formatted calls a function of
/// `core::fmt` outright; only from there are others called by their place in a table.
fn idle_formatting(module: &Module) -> Vec<FunctionId> {
    let formats = |id: &FunctionId| {
        let name = module.funcs.get(*id).name.as_deref().unwrap_or_default();
        let name = without_hashes(name);
        name.contains("core::fmt::") || name.contains("core::panic::PanicPayload")
    };
    let mut calls = Calls::default();
    for export in module.exports.iter() {
        if let ExportItem::Function(id) = export.item {
            calls.found.push(id);
        }
    }
    calls.found.extend(module.start);
    let in_tables = module
        .elements
        .iter()
        .flat_map(|element| match &element.items {
            ElementItems::Functions(ids) => ids.as_slice(),
            ElementItems::Expressions(..) => &[],
        });
    calls.found.extend(in_tables.filter(|id| !formats(id)));
    let mut seen = HashSet::new();
    while let Some(id) = calls.found.pop() {
        if seen.insert(id)
            && let FunctionKind::Local(function) = &module.funcs.get(id).kind
        {
            dfs_in_order(&mut calls, function, function.entry_block());
        }
    }
    if seen.iter().any(formats) {
        return Vec::new();
    }
    let local = module.funcs.iter_local().map(|(id, _)| id);
    local.filter(formats).collect()
}

/// The functions that are called, or put into a value.
#[derive(Default)]
struct Calls {
    found: Vec<FunctionId>,
}

impl Visitor<'_> for Calls {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.found.push(*function);
    }
}

/// Makes the places in the sources zeros that stand in this data, which begins at `start` in memory:
/// each is the address and the length of a text that ends in `.rs`, a line and a column.
fn clear_places(data: &mut [u8], start: usize) -> Outcome {
    const WORD: usize = size_of::<u32>();
    let words: Vec<usize> = data
        .as_chunks::<WORD>()
        .0
        .iter()
        .map(|word| usize::try_from(u32::from_le_bytes(*word)))
        .collect::<Result<_, _>>()?;
    let mut cleared: Vec<Range<usize>> = Vec::new();
    for (index, place) in words.windows(4).enumerate() {
        let [address, length, line, column] = *place else {
            continue;
        };
        let Some(file) = address
            .checked_sub(start)
            .map(|at| at..at.saturating_add(length))
        else {
            continue;
        };
        let is_file = data.get(file.clone()).is_some_and(|text| {
            text.ends_with(b".rs") && text.iter().all(|byte| matches!(byte, b'!'..=b'~'))
        });
        if is_file && (1..100_000).contains(&line) && (1..1_000).contains(&column) {
            cleared.push(index * WORD..(index + 4) * WORD);
            cleared.push(file);
        }
    }
    for part in cleared {
        data[part].fill(0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory from `START` on: a file's name, a text that only ends like one, and what points at them.
    const START: usize = 0x10_0000;

    fn word(number: usize) -> [u8; 4] {
        u32::try_from(number).unwrap().to_le_bytes()
    }

    #[test]
    fn what_begins_a_panic_is_known_by_name() {
        for name in [
            "core[c5930c85a12de822]::panicking::panic_fmt",
            "core[c5930c85a12de822]::slice::index::slice_index_fail",
            "<std[a543996e6e7dbf1e]::panicking::panic_handler::FormatStringPayload as core[c5930c85a12de822]::panic::PanicPayload>::get",
            "core::panicking::assert_failed",
        ] {
            assert!(begins_panic(name), "{name}");
        }
        for name in [
            "vouchkey_types::text::check",
            "core[c5930c85a12de822]::fmt::write",
            "<alloc::vec::Vec<[u8; 4]> as core::clone::Clone>::clone",
        ] {
            assert!(!begins_panic(name), "{name}");
        }
        assert_eq!(without_hashes("[u8; 4]::map"), "[u8; 4]::map");
    }

    #[test]
    fn places_become_zeros_and_nothing_else_does() {
        let (file, text) = (*b"src/rule.rs!", *b"Not a file: ");
        let place = |address: usize, length: usize, line: usize| {
            [word(address), word(length), word(line), word(9)].concat()
        };
        let kept = [
            place(START + 12, 12, 7),
            place(START, 11, 0),
            place(START - 1, 11, 7),
            place(START + 4_000, 11, 7),
        ]
        .concat();
        let mut data = [&file[..], &text, &place(START, 11, 7), &kept].concat();
        clear_places(&mut data, START).unwrap();
        let expected = [&[0; 11][..], b"!", &text, &[0; 16], &kept].concat();
        assert_eq!(data, expected);
    }

    #[test]
    fn a_panic_becomes_a_trap_and_formatting_goes_only_where_nobody_calls_it() {
        for formats in [false, true] {
            let mut module = Module::default();
            let mut named = |name: &str, callee: Option<FunctionId>| {
                let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
                if let Some(callee) = callee {
                    function.func_body().call(callee);
                }
                let id = function.finish(Vec::new(), &mut module.funcs);
                module.funcs.get_mut(id).name = Some(name.to_owned());
                id
            };
            let write = named("core::fmt::write", None);
            let panic = named("core::panicking::panic_fmt", Some(write));
            let check = named("check", Some(if formats { write } else { panic }));
            module.exports.add("check", check);
            make_trap(&mut module, panic);
            let traps = |id: FunctionId| {
                let body = module.funcs.get(id).kind.unwrap_local();
                let block = body.block(body.entry_block());
                matches!(
                    block.instrs.as_slice(),
                    [(walrus::ir::Instr::Unreachable(_), _)]
                )
            };
            assert!(traps(panic) && !traps(check));
            let idle = idle_formatting(&module);
            assert_eq!(idle, if formats { vec![] } else { vec![write] });
        }
    }
}
