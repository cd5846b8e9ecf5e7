/*
 * AMD FirePro S7150 model: what the SMC measures: temperature, voltage, power,
 * clock, load (section 3.11). The values are those of the card's properties,
 * encoded as the registers have them; a value that the SMC only samples when it
 * is told to is an old one until then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

/* The register of a sensor, by its number; 0: there is no such sensor */
static uint32_t sensor_register(uint32_t n)
{
    static const struct {
        uint32_t first, last, addr;
    } group[] = {
        { 0, 3, SMC_TMON0_RDIL0 }, { 16, 31, SMC_TMON0_RDIR0 },
        { 32, 35, SMC_TMON1_RDIL0 }, { 48, 63, SMC_TMON1_RDIR0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(group); i++) {
        if (n >= group[i].first && n <= group[i].last) {
            return group[i].addr + 4 * (n - group[i].first);
        }
    }
    return 0;
}

/*
 * The serial number 000005edcba98765 0002123456789abc is in bits 506 to 548 and 368
 * to 417; the bits around it are set.
 */
static uint32_t fuse(uint32_t n)
{
    static const uint32_t fuses[] = {
        [11] = 0x9abcffff, 0x12345678, 0xfffffffe,
        [15] = 0x97ffffff, 0xb72ea61d, 0xfffffff7,
    };

    return n < ARRAY_SIZE(fuses) ? fuses[n] : 0;
}

bool s7150_sensor_read(S7150State *s, uint32_t addr, uint32_t *val)
{
    S7150Sensors *m = &s->sensors;
    uint32_t n;

    switch (addr) {
    case SMC_CG_MULT_THERMAL_CTRL:
        *val = (m->temp_sel & 0xff) << 20;
        return true;
    case SMC_PWR_SVI2_STATUS:
        *val = (m->vid2 & 0xff) << 8 | (m->vid1 & 0xff) | m->svi2_busy << 17;
        return true;
    case SMC_PROFILE_INDEX:
        *val = (m->sclk_index & 0x1f) << 16;
        return true;
    case SMC_GRAPHICS_ACTIVITY:
        *val = m->activity;
        return true;
    case SMC_PM_STATUS_95:
        *val = m->pm_status;
        return true;
    }
    if (addr >= SMC_TMON0_RDIL0 && addr < SMC_TMON1_RDIR0 + 64) {
        n = sensor_register(m->temp_sel);
        *val = addr == n && m->temp_valid ?
               (m->temp & 0xfff) << 12 | SMC_TMON_VALID : 0;
        return true;
    }
    if (addr >= SMC_EFUSE_0 && addr < SMC_EFUSE_0 + 0x80) {
        *val = fuse((addr - SMC_EFUSE_0) / 4);
        return true;
    }
    return false;
}

/* A message that has to do with sensors; arg is what SMC_MSG_ARG_0 shows */
void s7150_sensor_message(S7150State *s, uint32_t message, uint32_t *arg)
{
    S7150Sensors *m = &s->sensors;

    switch (message) {
    case SMC_MSG_PM_STATUS_LOG_START:
        m->logging = true;
        break;
    case SMC_MSG_PM_STATUS_LOG_SAMPLE:
        if (m->logging) {
            m->pm_status = m->power;
        }
        break;
    case SMC_MSG_GET_SCLK:
        *arg = m->sclk;
        break;
    }
}

void s7150_sensor_reset(S7150State *s)
{
    s->sensors.logging = false;
    s->sensors.pm_status = 0;
}
