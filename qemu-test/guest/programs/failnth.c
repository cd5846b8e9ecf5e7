/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * failnth POINTS THREAD FILE TEXT UNDO-FILE UNDO-TEXT: writes a text to a file (of sysfs) again and again, each time with
 * another one of the kernel's allocations failing, of those that the write leads to: from the first to the last, at most
 * POINTS of them. What was written is undone after each time by the other write, without a failure.
 *
 * The allocations are those of the thread with the id THREAD (/proc/ID/fail-nth); 0 is for the program itself.
 *
 * Prints "N ERROR" for each time, with the error's number or 0, and at the end "total N": how many allocations there are.
 * For a kernel with CONFIG_FAILSLAB whose /sys/kernel/debug/failslab/ignore-gfp-wait is N.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 1000000

static int fail;

static void put(int fd, const char *text)
{
	if (pwrite(fd, text, strlen(text), 0) < 0)
		err(1, "fail-nth");
}

static void fail_nth(unsigned long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", n);
	put(fail, text);
}

/* Allocations that are still to come before one fails; 0: it has failed. */
static unsigned long left(void)
{
	char text[32] = "";

	if (pread(fail, text, sizeof(text) - 1, 0) < 0)
		err(1, "fail-nth");
	return strtoul(text, NULL, 0);
}

static int write_to(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	unsigned long points, total, step;
	char path[64];
	int file, undo;

	if (argc != 7)
		errx(2, "usage: failnth POINTS THREAD FILE TEXT UNDO-FILE UNDO-TEXT");
	points = strtoul(argv[1], NULL, 0);
	snprintf(path, sizeof(path), strcmp(argv[2], "0") ? "/proc/%s/fail-nth" : "/proc/self/fail-nth", argv[2]);
	fail = open(path, O_RDWR);
	file = open(argv[3], O_WRONLY);
	undo = open(argv[5], O_WRONLY);
	if (fail < 0 || file < 0 || undo < 0)
		err(1, "%s, %s, %s", path, argv[3], argv[5]);
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* Only counted */
	fail_nth(MANY);
	if (write_to(file, argv[4]))
		err(1, "%s", argv[3]);
	total = MANY - left();
	fail_nth(0);
	write_to(undo, argv[6]);

	step = total / points ? total / points : 1;
	for (unsigned long n = 1; n <= total; n += step) {
		int error;

		fail_nth(n);
		error = write_to(file, argv[4]);
		fail_nth(0);
		printf("%lu %d\n", n, error);
		write_to(undo, argv[6]);
	}
	printf("total %lu\n", total);
	return 0;
}
