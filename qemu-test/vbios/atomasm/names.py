# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Names of tables and of the interpreter's registers.

Numbers: sections 4.2 and 5.1 of the hardware reference; names of other command tables as in Linux's atom-names.h, with
underscores.
"""

COMMANDS = {
    "asic_init": 0x00,
    "asic_registers_init": 0x02,
    "memory_controller_init": 0x05,
    "memory_param_adjust": 0x07,
    "set_engine_clock": 0x0A,
    "set_memory_clock": 0x0B,
    "enable_asic_static_pwr_mgt": 0x13,
    "smc_init": 0x1D,
    "gfx_dma_control": 0x35,
    "write_byte_to_hw_assisted_i2c": 0x37,
    "speed_fan_control": 0x39,
    "memory_training": 0x40,
    "set_voltage": 0x43,
    "read_efuse": 0x45,
    "memory_device_init": 0x48,
    "get_voltage_info": 0x50,
    # Of the test ROMs only.
    "exercise": 0x4F,
}

DATA = {
    "firmware_info": 0x04,
    "vram_usage": 0x0B,
    "power_play": 0x0F,
    "gpu_virt": 0x10,
    "indirect_io": 0x17,
    "vram_info": 0x1C,
}

# Places in the workspace that are the interpreter's own.
WORKSPACE = {
    "quotient": 0x40,
    "remainder": 0x41,
    "data_pointer": 0x42,
    "shift": 0x43,
    "or_mask": 0x44,
    "and_mask": 0x45,
    "fb_window": 0x46,
    "attributes": 0x47,
    "register_pointer": 0x48,
}
