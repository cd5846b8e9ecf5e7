// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A hwmon device with one sensor each of temperature, power and voltage, and a
 * clock, for hwmon.rs. The tables of hwmon are nothing that Rust can check.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hwmon.h>
#include <linux/hwmon-sysfs.h>
#include <linux/sysfs.h>

enum { TEMPERATURE, POWER, VOLTAGE, CLOCK, SENSORS };

/* As in hwmon.rs */
struct sensors {
	int (*read)(const struct sensors *sensors, unsigned int which, s64 *value);
	const char *label[SENSORS];
};

struct device *kernel_ext_hwmon_register(struct device *parent, const char *name,
					 struct sensors *sensors);
void kernel_ext_hwmon_unregister(struct device *dev);

static int index_of(enum hwmon_sensor_types type)
{
	switch (type) {
	case hwmon_temp:
		return TEMPERATURE;
	case hwmon_power:
		return POWER;
	case hwmon_in:
		return VOLTAGE;
	default:
		return -EOPNOTSUPP;
	}
}

static int sensors_read(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			int channel, long *val)
{
	const struct sensors *sensors = dev_get_drvdata(dev);
	int which = index_of(type), ret;
	s64 value;

	if (which < 0)
		return which;
	ret = sensors->read(sensors, which, &value);
	if (!ret)
		*val = value;
	return ret;
}

static int sensors_read_string(struct device *dev, enum hwmon_sensor_types type,
			       u32 attr, int channel, const char **str)
{
	const struct sensors *sensors = dev_get_drvdata(dev);
	int which = index_of(type);

	if (which < 0)
		return which;
	*str = sensors->label[which];
	return 0;
}

static const struct hwmon_ops sensors_ops = {
	.visible = 0444,
	.read = sensors_read,
	.read_string = sensors_read_string,
};

static const struct hwmon_channel_info * const sensors_info[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_LABEL),
	HWMON_CHANNEL_INFO(power, HWMON_P_AVERAGE | HWMON_P_LABEL),
	HWMON_CHANNEL_INFO(in, HWMON_I_INPUT | HWMON_I_LABEL),
	NULL
};

static const struct hwmon_chip_info sensors_chip = {
	.ops = &sensors_ops,
	.info = sensors_info,
};

/* hwmon has no type for clocks; the names are those that amdgpu has. */
static ssize_t freq1_input_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	const struct sensors *sensors = dev_get_drvdata(dev);
	s64 value;
	int ret = sensors->read(sensors, CLOCK, &value);

	return ret ?: sysfs_emit(buf, "%lld\n", value);
}
static DEVICE_ATTR_RO(freq1_input);

static ssize_t freq1_label_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	const struct sensors *sensors = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", sensors->label[CLOCK]);
}
static DEVICE_ATTR_RO(freq1_label);

static struct attribute *clock_attrs[] = {
	&dev_attr_freq1_input.attr,
	&dev_attr_freq1_label.attr,
	NULL
};
ATTRIBUTE_GROUPS(clock);

/* The sensors must stay until they are unregistered. */
struct device *kernel_ext_hwmon_register(struct device *parent, const char *name,
					 struct sensors *sensors)
{
	if (!IS_REACHABLE(CONFIG_HWMON))
		return ERR_PTR(-EOPNOTSUPP);
	return hwmon_device_register_with_info(parent, name, sensors, &sensors_chip,
					       clock_groups);
}

/* Waits for readers. */
void kernel_ext_hwmon_unregister(struct device *dev)
{
	if (IS_REACHABLE(CONFIG_HWMON))
		hwmon_device_unregister(dev);
}
