/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * terminal COLUMNS ROWS COMMAND [ARGUMENT...]: runs a command on a terminal of that size, and prints what it prints.
 *
 * Reads lines: "keys CHARACTERS" are typed, "size COLUMNS ROWS" is the terminal's new size. When the command has ended it
 * prints "ended STATUS cooked" or, if the terminal was not left as a shell needs it, "ended STATUS raw".
 */
#define _GNU_SOURCE
#include <err.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static struct winsize size(const char *columns, const char *rows)
{
	return (struct winsize){ .ws_col = atoi(columns), .ws_row = atoi(rows) };
}

/* Does what a line says. */
static void obey(int terminal, char *line)
{
	char columns[8], rows[8];

	line[strcspn(line, "\n")] = 0;
	if (!strncmp(line, "keys ", 5)) {
		if (write(terminal, line + 5, strlen(line + 5)) < 0)
			err(1, "keys");
	} else if (sscanf(line, "size %7s %7s", columns, rows) == 2) {
		struct winsize wanted = size(columns, rows);

		if (ioctl(terminal, TIOCSWINSZ, &wanted))
			err(1, "size");
	} else {
		errx(2, "not understood: %s", line);
	}
}

/* Prints what the command prints, until nobody has the terminal open any more. */
static void serve(int terminal)
{
	struct pollfd ways[] = { { .fd = terminal, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	char buffer[4096];
	ssize_t n;

	/* Lines are short, and each comes in one piece; so that nothing is left behind in a buffer while we wait. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (poll(ways, 2, -1) > 0) {
		if (ways[0].revents) {
			n = read(terminal, buffer, sizeof(buffer));
			if (n <= 0)
				return;
			fwrite(buffer, 1, n, stdout);
			fflush(stdout);
		}
		if (ways[1].revents) {
			if (fgets(buffer, sizeof(buffer), stdin))
				obey(terminal, buffer);
			else
				ways[1].fd = -1;
		}
	}
}

int main(int argc, char **argv)
{
	struct winsize wanted;
	struct termios now;
	int terminal, other, status;
	bool cooked;
	pid_t child;

	if (argc < 4)
		errx(2, "usage: terminal COLUMNS ROWS COMMAND [ARGUMENT...]");
	wanted = size(argv[1], argv[2]);
	if (openpty(&terminal, &other, NULL, NULL, &wanted))
		err(1, "no terminal");
	child = fork();
	if (child < 0)
		err(1, "no process");
	if (!child) {
		close(terminal);
		if (login_tty(other))
			err(127, "no terminal");
		execvp(argv[3], argv + 3);
		err(127, "%s", argv[3]);
	}
	close(other);
	serve(terminal);
	/* Of the master's side: the settings are the pair's. */
	if (waitpid(child, &status, 0) != child || tcgetattr(terminal, &now))
		err(1, "end");
	cooked = (now.c_lflag & ICANON) && (now.c_lflag & ECHO);
	printf("\nended %d %s\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       cooked ? "cooked" : "raw");
	return 0;
}
