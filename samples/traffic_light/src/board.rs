//! The hardware of the crossing, in `board.c`.

// SAFETY: board.c defines these functions with these types, and each may be called from any thread at any time.
unsafe extern "C" {
    #[link_name = "board_button_on"]
    pub(crate) safe fn button_on();
    #[link_name = "board_button_off"]
    pub(crate) safe fn button_off();
    #[link_name = "board_start_conversion"]
    pub(crate) safe fn start_conversion();
}
