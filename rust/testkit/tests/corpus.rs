//! What the fuzzer keeps, run once: `fuzz/corpus`, and the file that `TASKPOOL_INPUT` names, if any.

use std::path::Path;
use std::{env, fs};

use taskpool_testkit::operate;

#[test]
fn the_corpus_agrees_with_the_model() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/operations");
    let mut files: Vec<_> = fs::read_dir(corpus)
        .expect("the corpus is in the repository")
        .map(|entry| entry.expect("its entries can be read").path())
        .collect();
    files.sort();
    let mut least = 100;
    if cfg!(miri) {
        // Miri takes some thousand times as long: one file, a short one, with tasks and events.
        files.retain(|file| file.ends_with("reached-20"));
        least = 20;
    }
    let mut operations = 0;
    for file in &files {
        println!("{}", file.display());
        operations += operate(&fs::read(file).expect("a file of the corpus can be read"));
    }
    assert!(
        operations > least,
        "{} files say only {operations} operations",
        files.len()
    );
}

#[test]
fn a_given_input_agrees_with_the_model() {
    if let Some(file) = env::var_os("TASKPOOL_INPUT") {
        operate(&fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
}
