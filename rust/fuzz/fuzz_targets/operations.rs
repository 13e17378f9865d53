//! Operations on the virtual port, read from the fuzzer's bytes and compared with the model: see `testkit/src/bytes.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    taskpool_testkit::operate(bytes);
});
