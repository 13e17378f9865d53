//! `host.config` says what Kconfig would.

use std::collections::BTreeMap;
use std::fs;

const KCONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Kconfig");
const HOST_CONFIG: &str = include_str!("../host.config");
const BUILD: &str = include_str!("../build.rs");

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
}

#[derive(Debug)]
struct Symbol {
    kind: Option<Kind>,
    default: Option<String>,
}

/// The symbols that the file defines, without what it sources.
fn kconfig() -> BTreeMap<String, Symbol> {
    let text = fs::read_to_string(KCONFIG).unwrap_or_else(|error| panic!("cannot read {KCONFIG}: {error}"));
    let mut symbols = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (first, second) = (words.next().unwrap_or(""), words.next());
        if !line.starts_with(char::is_whitespace) && !line.is_empty() {
            current = match (first, second) {
                ("config" | "menuconfig", Some(name)) => {
                    let symbol = Symbol {
                        kind: None,
                        default: None,
                    };
                    symbols.insert(name.to_owned(), symbol);
                    Some(name.to_owned())
                }
                _ => None,
            };
            continue;
        }
        let Some(symbol) = current.as_ref().and_then(|name| symbols.get_mut(name)) else {
            continue;
        };
        match first {
            "bool" | "def_bool" => symbol.kind = Some(Kind::Bool),
            "int" => symbol.kind = Some(Kind::Int),
            // The first one that applies counts.
            "default" if symbol.default.is_none() => match (words.next(), words.next()) {
                (None, _) => symbol.default = second.map(str::to_owned),
                // C's; the host has none of it.
                (Some("if"), Some("TASKPOOL_IOT_API")) => {}
                _ => panic!("{current:?}: a default with a condition"),
            },
            // The rest of the block is prose.
            "help" => current = None,
            _ => {}
        }
    }
    symbols
}

/// The lines of `host.config`.
fn host_config() -> BTreeMap<&'static str, &'static str> {
    let lines = HOST_CONFIG
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let option = line.strip_prefix("CONFIG_").and_then(|line| line.split_once('='));
            option.unwrap_or_else(|| panic!("host.config: {line}: write CONFIG_NAME=value"))
        })
        .collect()
}

#[test]
fn the_host_builds_with_the_defaults_of_kconfig() {
    let symbols = kconfig();
    for (name, value) in host_config() {
        if !name.starts_with("TASKPOOL") {
            // Zephyr's own: the host has no default for it.
            continue;
        }
        // Zephyr's template for log levels defines this one, in a file that Kconfig sources.
        if name == "TASKPOOL_LOG_LEVEL" {
            continue;
        }
        let symbol = symbols.get(name).unwrap_or_else(|| panic!("Kconfig has no {name}"));
        let expected = match (name, &symbol.default) {
            // A module is off until it is asked for; whoever builds the crate has asked.
            ("TASKPOOL", _) => "y",
            // Off in an image that does not ask for it; on the host RAM is cheap.
            ("TASKPOOL_CACHE_JOBS", _) => "8",
            ("TASKPOOL_CLASSES", _) => "3",
            ("TASKPOOL_RUNTIME_POOLS" | "TASKPOOL_TASKS" | "TASKPOOL_EVENTS" | "TASKPOOL_BUDGETS", _) => "y",
            ("TASKPOOL_WDT" | "TASKPOOL_GROUPS" | "TASKPOOL_SUBMIT_SITE", _) => "y",
            // What Kconfig takes for a bool without a default.
            (_, None) => "n",
            (_, Some(default)) => default,
        };
        assert_eq!(value, expected, "host.config: CONFIG_{name} is not Kconfig's default");
    }
}

#[test]
fn the_host_sets_every_option_that_the_build_reads() {
    let (symbols, host) = (kconfig(), host_config());
    let mut seen = 0;
    for (name, symbol) in &symbols {
        if symbol.kind == Some(Kind::Int) && BUILD.contains(&format!("\"{name}\"")) {
            assert!(host.contains_key(name.as_str()), "host.config has no CONFIG_{name}");
            seen += 1;
        }
    }
    assert!(
        seen >= 4,
        "build.rs reads {seen} numbers of Kconfig: this test has lost sight of them"
    );
}

#[test]
fn every_option_has_a_type() {
    let symbols = kconfig();
    assert!(symbols.len() > 5, "Kconfig defines {} symbols only", symbols.len());
    for (name, symbol) in symbols {
        assert!(symbol.kind.is_some(), "{name} is neither a bool nor an int");
        assert!(
            name.starts_with("TASKPOOL"),
            "{name} is not in this module's name space"
        );
    }
}

#[test]
fn the_constant_is_what_the_file_says() {
    let host = host_config();
    let number = |name: &str| host[name].parse::<u32>().unwrap();
    let config = taskpool::CONFIG;
    assert_eq!(config.ticks_per_second, number("SYS_CLOCK_TICKS_PER_SEC"));
    assert_eq!(u32::from(config.min_threads), number("TASKPOOL_MIN_THREADS"));
    assert_eq!(u32::from(config.classes), number("TASKPOOL_CLASSES"));
    assert_eq!(u32::from(config.max_threads), number("TASKPOOL_MAX_THREADS"));
    assert_eq!(u32::from(config.reserve_threads), number("TASKPOOL_RESERVE_THREADS"));
    assert_eq!(u32::from(config.expiry_batch), number("TASKPOOL_EXPIRY_BATCH"));
    assert_eq!(u32::from(config.cache_jobs), number("TASKPOOL_CACHE_JOBS"));
    assert_eq!(u32::from(config.cache_job_size), number("TASKPOOL_CACHE_JOB_SIZE"));
    assert_eq!(u32::from(config.log_level), number("TASKPOOL_LOG_LEVEL"));
    assert_eq!(config.watchdog_period, number("TASKPOOL_WDT_PERIOD"));
    assert_eq!(config.system_pool, host["TASKPOOL_SYSTEM_POOL"] == "y");
}
