/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vfclient [--vfio] PF-ADDRESS [VF...] | --alone ADDRESS
 *
 * Plays guests' drivers on VFs of an emulated S7150, through their BARs, as amdgpu's mailbox code does: on all VFs of a PF
 * or on those that are named (from 1), as root or, with --vfio, as their hypervisor; --alone is for a VF in its guest, where
 * it is number 1. Reads lines "VF COMMAND [ARGUMENT]" ("all" for each VF); the commands of one VF run in order, those of
 * different VFs at the same time. Prints "VF COMMAND RESULT MICROSECONDS" when one has ended. The exit status is 1 if a
 * command failed that was not to fail.
 *
 *   init, fini, reset     request of exclusive access, up to the acknowledgement of READY
 *   rel-init, rel-fini    release
 *   start, end            init and rel-init; fini and rel-fini
 *   ask N                 sends message N and does not wait for an answer
 *   text WORDS            sends a text
 *   flood N               sends N messages without meaning, each as soon as the last is acknowledged
 *   storm MS              sends a message each microsecond, as fast as a bus lets it, and takes it back at once, for so long
 *   work US               queues GPU work
 *   wait MS               waits until all queued work is done, at most so long
 *   sleep MS
 *   read OFFSET / write OFFSET=VALUE     a register
 *   fb OFFSET[=VALUE]     a dword of the framebuffer
 *   zeros STEP            whether the framebuffer reads zero, behind the VBIOS, a dword every STEP bytes
 *   cycle SECONDS         init, rel-init, work, fini, rel-fini, with random pauses, for so long; counts the rounds
 *   expect RESULT         what the next command must come to, instead of "ok"; "any" for whatever
 *
 * With --vfio also:
 *
 *   ring                  sets up an interrupt ring, with interrupts of the mailbox
 *   interrupt SOURCE      waits for an entry with this source in the ring, told by MSI
 *   dma ADDRESS           has the function write to a bus address; "refused" if the IOMMU does not let it
 *   flr                   resets the function
 *   config OFFSET[=VALUE] a word of the configuration space
 *   mapped OFFSET         1 if that register is mapped, 0 if vfio traps it
 *   map OFFSET            maps the page of that register, whatever vfio says of it; "refused" if it may not
 *   eventfd OFFSET        has the kernel write to that register when an eventfd is signalled; "refused" if it does not
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/vf.h"

#define VFS 16
#define LINE 160
#define QUEUE 64
#define SYSFS "/sys/bus/pci/devices"

struct vf {
	int number;
	pthread_t thread;
	struct vf_io io;
	char queue[QUEUE][LINE];
	unsigned head, tail;
	bool closed;
	char expect[32];
	unsigned seed;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static struct vf vfs[VFS];
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static volatile bool failed;

/* Rounds of a guest's life; a round that is begun is brought to its end. */
static const char *cycle(struct vf *v, unsigned seconds, unsigned *rounds)
{
	uint64_t end = vf_now_us() + seconds * 1000000ull;
	const char *result = "ok";

	while (vf_now_us() < end) {
		usleep(rand_r(&v->seed) % 4000000);
		result = vf_both(&v->io, REQ_INIT, REL_INIT);
		if (strcmp(result, "ok"))
			break;
		vf_work(&v->io, 1000 + rand_r(&v->seed) % 20000);
		result = vf_wait_work(&v->io, PATIENCE_MS);
		if (strcmp(result, "ok"))
			break;
		usleep(rand_r(&v->seed) % 4000000);
		result = vf_both(&v->io, REQ_FINI, REL_FINI);
		if (strcmp(result, "ok"))
			break;
		++*rounds;
	}
	return result;
}

static const char *run_vfio(struct vf *v, const char *command, char *argument, char *detail)
{
	unsigned long n = strtoul(argument, NULL, 0);

	if (!strcmp(command, "ring"))
		return vf_make_ring(&v->io);
	if (!strcmp(command, "interrupt"))
		return vf_wait_interrupt(&v->io, n);
	if (!strcmp(command, "dma"))
		return vf_dma(&v->io, n);
	if (!strcmp(command, "flr"))
		return vfio_reset(&v->io.vfio) ? "ok" : "failed";
	if (!strcmp(command, "config")) {
		uint16_t value = strchr(argument, '=') ? strtoul(strchr(argument, '=') + 1, NULL, 0) : 0;

		if (strchr(argument, '='))
			return vfio_write(&v->io.vfio, VFIO_CONFIG, n, &value, sizeof(value)) ? "ok" : "failed";
		if (!vfio_read(&v->io.vfio, VFIO_CONFIG, n, &value, sizeof(value)))
			return "failed";
		sprintf(detail, " %04x", value);
		return "ok";
	}
	if (!strcmp(command, "map"))
		return vfio_maps_page(&v->io.vfio, VF_MMIO_BAR, n) ? "ok" : "refused";
	if (!strcmp(command, "eventfd"))
		return vfio_ioeventfd(&v->io.vfio, VF_MMIO_BAR, n) ? "ok" : "refused";
	if (!strcmp(command, "mapped")) {
		sprintf(detail, " %d", vf_is_mapped(&v->io, n));
		return "ok";
	}
	return "unknown-command";
}

static const char *run(struct vf *v, const char *command, char *argument, char *detail)
{
	unsigned long n = strtoul(argument, NULL, 0);

	if (!strcmp(command, "init"))
		return vf_request(&v->io, REQ_INIT);
	if (!strcmp(command, "fini"))
		return vf_request(&v->io, REQ_FINI);
	if (!strcmp(command, "reset"))
		return vf_request(&v->io, REQ_RESET);
	if (!strcmp(command, "rel-init"))
		return vf_send(&v->io, REL_INIT);
	if (!strcmp(command, "rel-fini"))
		return vf_send(&v->io, REL_FINI);
	if (!strcmp(command, "start"))
		return vf_both(&v->io, REQ_INIT, REL_INIT);
	if (!strcmp(command, "end"))
		return vf_both(&v->io, REQ_FINI, REL_FINI);
	if (!strcmp(command, "ask"))
		return vf_send(&v->io, n);
	if (!strcmp(command, "text"))
		return vf_text(&v->io, argument);
	if (!strcmp(command, "flood")) {
		const char *result = "ok";

		while (n-- && !strcmp(result, "ok"))
			result = vf_send(&v->io, 77);
		return result;
	}
	if (!strcmp(command, "storm"))
		return vf_storm(&v->io, n);
	if (!strcmp(command, "work")) {
		vf_work(&v->io, n);
		return "ok";
	}
	if (!strcmp(command, "wait"))
		return vf_wait_work(&v->io, n);
	if (!strcmp(command, "sleep")) {
		usleep(n * 1000);
		return "ok";
	}
	if (!strcmp(command, "read")) {
		sprintf(detail, " %08x", vf_read(&v->io, n));
		return "ok";
	}
	if (!strcmp(command, "write") && strchr(argument, '=')) {
		vf_write(&v->io, n, strtoul(strchr(argument, '=') + 1, NULL, 0));
		return "ok";
	}
	if (!strcmp(command, "fb")) {
		if (n >= v->io.fb_len)
			return "no-memory";
		if (strchr(argument, '='))
			v->io.fb[n / 4] = strtoul(strchr(argument, '=') + 1, NULL, 0);
		else
			sprintf(detail, " %08x", v->io.fb[n / 4]);
		return "ok";
	}
	if (!strcmp(command, "zeros"))
		return vf_reads_zero(&v->io, n) ? "ok" : "not-zero";
	if (!strcmp(command, "cycle")) {
		unsigned rounds = 0;
		const char *result = cycle(v, n, &rounds);

		sprintf(detail, " %u", rounds);
		return result;
	}
	return v->io.through_vfio ? run_vfio(v, command, argument, detail) : "unknown-command";
}

static void *guest(void *opaque)
{
	struct vf *v = opaque;

	for (;;) {
		char line[LINE], *argument, detail[32] = "";
		const char *result, *wanted;
		uint64_t begin;

		pthread_mutex_lock(&v->lock);
		while (v->head == v->tail && !v->closed)
			pthread_cond_wait(&v->changed, &v->lock);
		if (v->head == v->tail) {
			pthread_mutex_unlock(&v->lock);
			return NULL;
		}
		strcpy(line, v->queue[v->head++ % QUEUE]);
		pthread_cond_broadcast(&v->changed);
		pthread_mutex_unlock(&v->lock);

		argument = line + strcspn(line, " ");
		if (*argument)
			*argument++ = 0;
		if (!strcmp(line, "expect")) {
			snprintf(v->expect, sizeof(v->expect), "%s", argument);
			continue;
		}
		begin = vf_now_us();
		result = run(v, line, argument, detail);
		wanted = *v->expect ? v->expect : "ok";
		pthread_mutex_lock(&output);
		printf("%d %s %s %llu%s\n", v->number, line, result, (unsigned long long)(vf_now_us() - begin), detail);
		fflush(stdout);
		if (strcmp(result, wanted) && strcmp(wanted, "any"))
			failed = true;
		pthread_mutex_unlock(&output);
		*v->expect = 0;
	}
}

static void queue(struct vf *v, const char *command)
{
	pthread_mutex_lock(&v->lock);
	while (v->tail - v->head == QUEUE)
		pthread_cond_wait(&v->changed, &v->lock);
	snprintf(v->queue[v->tail++ % QUEUE], LINE, "%s", command);
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->lock);
}

/* The VFs of a PF that there are, or those that are named. */
static int open_vfs(const char *pf, bool through_vfio, char **named)
{
	int n = 0;

	while (n < VFS) {
		int number = named[0] ? atoi(named[n] ? named[n] : "0") : n + 1;
		char folder[80], target[80];
		struct vf *v = &vfs[n];
		ssize_t len;

		snprintf(folder, sizeof(folder), SYSFS "/%s/virtfn%d", pf, number - 1);
		len = readlink(folder, target, sizeof(target) - 1);
		if (len < 0)
			break;
		target[len] = 0;
		if (through_vfio)
			vf_open_vfio(&v->io, strrchr(target, '/') + 1);
		else if (!vf_open_sysfs(&v->io, folder))
			break;
		v->number = number;
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	bool through_vfio = argc > 2 && !strcmp(argv[1], "--vfio"), alone = argc == 3 && !strcmp(argv[1], "--alone");
	char line[LINE];
	int n;

	if (argc < 2 || (*argv[1] == '-' && !through_vfio && !alone))
		errx(2, "usage: vfclient [--vfio] PF-ADDRESS [VF...] | --alone ADDRESS");
	if (alone) {
		snprintf(line, sizeof(line), SYSFS "/%s", argv[2]);
		n = vf_open_sysfs(&vfs[0].io, line);
		vfs[0].number = 1;
	} else {
		char **pf = argv + (through_vfio ? 2 : 1);

		n = open_vfs(*pf, through_vfio, pf + 1);
	}
	if (!n)
		errx(1, "there is no VF here");
	for (struct vf *v = vfs; v < vfs + n; v++) {
		v->seed = v->number;
		pthread_mutex_init(&v->lock, NULL);
		pthread_cond_init(&v->changed, NULL);
		if (pthread_create(&v->thread, NULL, guest, v))
			errx(1, "no thread");
	}

	while (fgets(line, sizeof(line), stdin)) {
		char *command = line + strcspn(line, " ");
		bool all = !strncmp(line, "all ", 4), known = all;
		int number = atoi(line);

		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		for (struct vf *v = vfs; *command && v < vfs + n; v++)
			if (all || v->number == number) {
				queue(v, command + 1);
				known = true;
			}
		if (!*command || !known)
			errx(2, "not understood: %s", line);
	}
	for (struct vf *v = vfs; v < vfs + n; v++) {
		pthread_mutex_lock(&v->lock);
		v->closed = true;
		pthread_cond_broadcast(&v->changed);
		pthread_mutex_unlock(&v->lock);
	}
	for (struct vf *v = vfs; v < vfs + n; v++)
		pthread_join(v->thread, NULL);
	return failed;
}
