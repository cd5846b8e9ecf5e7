// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Names of command tables and opcodes, for errors.

/// Name of the command table `index`, if it is one the driver or the firmware of this card is known to use (section
/// 4.2 of the hardware reference); empty otherwise.
pub fn command_name(index: u8) -> &'static str {
    match index {
        0x00 => "asic_init",
        0x13 => "enable_asic_static_pwr_mgt",
        0x1d => "smc_init",
        0x35 => "gfx_dma_control",
        0x37 => "write_byte_to_hw_assisted_i2c",
        0x39 => "speed_fan_control",
        0x43 => "set_voltage",
        0x45 => "read_efuse",
        0x50 => "get_voltage_info",
        _ => "",
    }
}

/// Name of an opcode, as the assembler of the test ROMs writes it; where an operation has six opcodes, one for each
/// destination, all have the operation's.
pub fn opcode_name(opcode: u8) -> &'static str {
    match opcode {
        0x01..=0x06 => "move",
        0x07..=0x0c => "and",
        0x0d..=0x12 => "or",
        0x13..=0x18 => "shift_left",
        0x19..=0x1e => "shift_right",
        0x1f..=0x24 => "mul",
        0x25..=0x2a => "div",
        0x2b..=0x30 => "add",
        0x31..=0x36 => "sub",
        0x37 => "set_ati_port",
        0x38 => "set_pci_port",
        0x39 => "set_sys_io_port",
        0x3a => "set_reg_block",
        0x3b => "set_fb_base",
        0x3c..=0x41 => "compare",
        0x42 => "switch",
        0x43 => "jump",
        0x44 => "jump_equal",
        0x45 => "jump_below",
        0x46 => "jump_above",
        0x47 => "jump_below_or_equal",
        0x48 => "jump_above_or_equal",
        0x49 => "jump_not_equal",
        0x4a..=0x4f => "test",
        0x50 => "delay_ms",
        0x51 => "delay_us",
        0x52 => "call",
        0x53 => "repeat",
        0x54..=0x59 => "clear",
        0x5a => "nop",
        0x5b => "eot",
        0x5c..=0x61 => "mask",
        0x62 => "post_card",
        0x63 => "beep",
        0x64 => "save_reg",
        0x65 => "restore_reg",
        0x66 => "set_data_block",
        0x67..=0x6c => "xor",
        0x6d..=0x72 => "shl",
        0x73..=0x78 => "shr",
        0x79 => "debug",
        0x7a => "process_ds",
        0x7b | 0x7c => "mul32",
        0x7d | 0x7e => "div32",
        _ => "unknown",
    }
}
