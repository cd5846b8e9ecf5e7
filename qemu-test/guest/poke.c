// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Reads and writes a PCI function's configuration space and BARs, and physical memory, just as told: for tests of the
 * emulated card that need no driver. Statically linked by the tests.
 *
 *   poke ADDRESS OPERATION...
 *
 *   c4@OFF  c4@OFF=VALUE     configuration space, 1, 2 or 4 bytes
 *   b5@OFF  b5@OFF=VALUE     BAR 5, 4 bytes; b5.2@OFF: 1, 2 or 8 bytes
 *   p@ADDR  p@ADDR=VALUE     physical memory, 4 bytes
 *   OPERATION~MASK=VALUE     reads until the bits under MASK are VALUE, for 5 s at most
 *   us=N                     sleeps N (decimal) microseconds
 *   flr                      function level reset; BARs and command register are put back
 *   vfs=N                    enables N (decimal) VFs, whose BARs have been set
 *   fb                       divides the framebuffer as in section 7.4 of the hardware reference
 *   switch=OP:F,OP:F...      GPU-IOV commands, each with the wait for its end; F: the function's id
 *
 * Numbers are hexadecimal. Each read prints its value on a line of its own.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul

static const char *device;
static int config_fd = -1;
static uint8_t *bars[6];
static size_t bar_size[6];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_file(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	fd = open(path, flags);
	if (fd < 0)
		die(path);
	return fd;
}

static uint32_t config_read(uint64_t off, int size)
{
	uint32_t v = 0;

	if (pread(config_fd, &v, size, off) != size)
		die("config read");
	return v;
}

static void config_write(uint64_t off, int size, uint32_t v)
{
	if (pwrite(config_fd, &v, size, off) != size)
		die("config write");
}

/* A BAR is mapped as a whole when it is first used. */
static volatile uint8_t *bar(int n, uint64_t off, int size)
{
	if (!bars[n]) {
		char name[16];
		off_t end;
		int fd;

		snprintf(name, sizeof(name), "resource%d", n);
		fd = open_file(name, O_RDWR | O_SYNC);
		end = lseek(fd, 0, SEEK_END);
		bar_size[n] = end;
		bars[n] = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (bars[n] == MAP_FAILED)
			die(name);
		close(fd);
	}
	if (off + size > bar_size[n]) {
		fprintf(stderr, "beyond BAR %d\n", n);
		exit(1);
	}
	return bars[n] + off;
}

static volatile uint32_t *physical(uint64_t addr)
{
	static uint64_t mapped = UINT64_MAX;
	static uint8_t *page;

	if (mapped != addr / PAGE) {
		int fd = open("/dev/mem", O_RDWR | O_SYNC);

		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, addr & ~(PAGE - 1));
		if (fd < 0 || page == MAP_FAILED)
			die("/dev/mem");
		close(fd);
		mapped = addr / PAGE;
	}
	return (volatile uint32_t *)(page + addr % PAGE);
}

struct place {
	char space;
	int bar, size;
	uint64_t off;
};

static uint64_t get(const struct place *p)
{
	volatile uint8_t *at;

	if (p->space == 'c')
		return config_read(p->off, p->size);
	if (p->space == 'p')
		return *physical(p->off);
	at = bar(p->bar, p->off, p->size);
	switch (p->size) {
	case 1:
		return *at;
	case 2:
		return *(volatile uint16_t *)at;
	case 4:
		return *(volatile uint32_t *)at;
	default:
		return *(volatile uint64_t *)at;
	}
}

static void put(const struct place *p, uint64_t v)
{
	volatile uint8_t *at;

	if (p->space == 'c') {
		config_write(p->off, p->size, v);
		return;
	}
	if (p->space == 'p') {
		*physical(p->off) = v;
		return;
	}
	at = bar(p->bar, p->off, p->size);
	switch (p->size) {
	case 1:
		*at = v;
		break;
	case 2:
		*(volatile uint16_t *)at = v;
		break;
	case 4:
		*(volatile uint32_t *)at = v;
		break;
	default:
		*(volatile uint64_t *)at = v;
	}
}

static int parse(const char *text, struct place *p, const char **rest)
{
	char *end;
	const char *at = strchr(text, '@');

	if (!at)
		return 0;
	*p = (struct place){ .space = text[0], .size = 4 };
	if (text[0] == 'c') {
		p->size = text[1] - '0';
	} else if (text[0] == 'b') {
		p->bar = text[1] - '0';
		if (text[2] == '.')
			p->size = text[3] - '0';
		if (p->bar < 0 || p->bar > 5)
			return 0;
	} else if (text[0] != 'p') {
		return 0;
	}
	p->off = strtoull(at + 1, &end, 16);
	*rest = end;
	return p->size == 1 || p->size == 2 || p->size == 4 || (p->size == 8 && p->space == 'b');
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void wait_for(const struct place *p, const char *condition)
{
	char *end;
	uint64_t mask = strtoull(condition, &end, 16), want = strtoull(end + 1, NULL, 16);
	double limit = now() + 5;

	while ((get(p) & mask) != want) {
		if (now() > limit) {
			fprintf(stderr, "no %s within 5 s: %llx\n", condition, (unsigned long long)get(p));
			exit(1);
		}
	}
}

static void flr(void)
{
	/* BARs of the function, and those of a PF's VFs */
	uint32_t saved[12], command = config_read(4, 2);
	uint32_t devctl = 0x58 + 8;
	int i;

	for (i = 0; i < 12; i++)
		saved[i] = config_read(i < 6 ? 0x10 + 4 * i : 0x354 + 4 * (i - 6), 4);
	config_write(devctl, 2, config_read(devctl, 2) | 0x8000);
	for (i = 0; i < 12; i++)
		config_write(i < 6 ? 0x10 + 4 * i : 0x354 + 4 * (i - 6), 4, saved[i]);
	config_write(4, 2, command);
}

/* 256 MB for the PF, the context save area behind it, 16 VFs of 480 MB from 272 MB on */
static void framebuffer(void)
{
	int i;

	config_write(0x426, 2, 8190 - 256);
	config_write(0x420, 4, 0x100001);
	for (i = 0; i < 16; i++)
		config_write(0x42c + 4 * i, 4, (uint32_t)(272 + 480 * i) / 16 << 16 | (480 / 16 - 1));
}

static void commands(const char *text)
{
	static const struct place execute = { 'c', 0, 1, 0x40c }, status = { 'c', 0, 1, 0x410 };

	while (*text) {
		char *end;
		unsigned op = strtoul(text, &end, 16), function = strtoul(end + 1, &end, 16);

		config_write(0x40c, 4, op | 0x10 | function << 8);
		wait_for(&execute, "10=0");
		wait_for(&status, "ff=0");
		text = *end ? end + 1 : end;
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		return 2;
	device = argv[1];
	config_fd = open_file("config", O_RDWR);
	for (i = 2; i < argc; i++) {
		const char *rest;
		struct place p;

		if (!strncmp(argv[i], "us=", 3)) {
			usleep(strtoul(argv[i] + 3, NULL, 10));
		} else if (!strcmp(argv[i], "flr")) {
			flr();
		} else if (!strcmp(argv[i], "fb")) {
			framebuffer();
		} else if (!strncmp(argv[i], "switch=", 7)) {
			commands(argv[i] + 7);
		} else if (!strncmp(argv[i], "vfs=", 4)) {
			config_write(0x340, 2, strtoul(argv[i] + 4, NULL, 10));
			config_write(0x338, 2, 0x19);
		} else if (!parse(argv[i], &p, &rest)) {
			fprintf(stderr, "what is %s?\n", argv[i]);
			return 2;
		} else if (*rest == '=') {
			put(&p, strtoull(rest + 1, NULL, 16));
		} else if (*rest == '~') {
			wait_for(&p, rest + 1);
		} else {
			printf("%llx\n", (unsigned long long)get(&p));
		}
	}
	return 0;
}
