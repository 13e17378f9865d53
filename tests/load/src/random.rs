//! Numbers that a seed determines.

/// Xorshift.
pub struct Random(u32);

impl Random {
    /// From a seed; 0 would stay 0.
    pub const fn new(seed: u32) -> Self {
        Random(if seed == 0 { 1 } else { seed })
    }

    /// The seed that goes on from here.
    pub const fn state(&self) -> u32 {
        self.0
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        // The upper bits: the modulus of the whole would favour nothing, but repeats sooner in the lower ones.
        (self.0 >> 8) % limit
    }
}
