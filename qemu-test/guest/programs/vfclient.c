/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vfclient PF-ADDRESS: plays guests' drivers on the VFs of an emulated S7150, through their BARs, as amdgpu's mailbox code
 * does. Reads lines "VF COMMAND [ARGUMENT]" (VFs from 1; "all" for each); the commands of one VF run in order, those of
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
 *   cycle SECONDS         init, rel-init, work, fini, rel-fini, with random pauses, for so long; counts the rounds
 *   expect RESULT         what the next command must come to, instead of "ok"; "any" for whatever
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define VFS 16
#define LINE 160
#define QUEUE 64
#define MMIO_LEN 0x40000
#define DOORBELL_LEN 0x200000

/* Registers, byte offsets (section 3.6 of the hardware reference) */
#define TRN_DW(n) (0x5320 + 4 * (n))
#define RCV_DW(n) (0x5330 + 4 * (n))
#define CONTROL 0x5340
#define TRN_VALID (1u << 0)
#define TRN_ACK (1u << 1)
#define RCV_VALID (1u << 8)
#define RCV_ACK (1u << 9)

#define CP_RB_WPTR_POLL_ADDR_LO 0xc118
#define CP_RB_WPTR_POLL_ADDR_HI 0xc11c
/* In the VF's framebuffer */
#define RING_POINTER_AT 0x100000

/* The model's own, for work (qemu-test/device/work.c) */
#define DOORBELL_WORK 0x1ffff0
#define WORK_ID 0x3fe00
#define WORK_ID_VALUE 0x574f524b
#define WORK_QUEUED 0x3fe04

/* Messages and replies (section 4.8) */
enum { REQ_INIT = 1, REL_INIT, REQ_FINI, REL_FINI, REQ_RESET, TEXT = 255 };
enum { READY = 1 };

/* amdgpu's limit for each wait */
#define PATIENCE_MS 12000

struct vf {
	int number;
	pthread_t thread;
	volatile uint32_t *mmio, *doorbell;
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

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static uint32_t rd(struct vf *v, uint32_t offset)
{
	return v->mmio[offset / 4];
}

static void wr(struct vf *v, uint32_t offset, uint32_t value)
{
	v->mmio[offset / 4] = value;
}

/* Sleeps between two looks: as amdgpu does at first, less often once that was for long. */
static void pause_us(uint64_t begin)
{
	usleep(now_us() - begin < 100000 ? 500 : 5000);
}

static bool poll_control(struct vf *v, uint32_t mask, uint32_t wanted)
{
	uint64_t begin = now_us(), end = begin + PATIENCE_MS * 1000ull;

	while ((rd(v, CONTROL) & mask) != wanted) {
		if (now_us() > end)
			return false;
		pause_us(begin);
	}
	return true;
}

static const char *send_message(struct vf *v, uint32_t message)
{
	wr(v, TRN_DW(0), message);
	wr(v, CONTROL, rd(v, CONTROL) | TRN_VALID);
	if (!poll_control(v, TRN_ACK, TRN_ACK)) {
		wr(v, CONTROL, rd(v, CONTROL) & ~TRN_VALID);
		return "no-ack";
	}
	wr(v, CONTROL, rd(v, CONTROL) & ~TRN_VALID);
	return "ok";
}

/* Whoever looks for the message finds nothing, but was interrupted. */
static const char *storm(struct vf *v, unsigned long ms)
{
	uint64_t end = now_us() + ms * 1000ull;
	uint32_t control = rd(v, CONTROL) & ~TRN_VALID;

	for (uint64_t now = now_us(), last; now < end;) {
		wr(v, CONTROL, control | TRN_VALID);
		wr(v, CONTROL, control);
		for (last = now; now == last; now = now_us())
			;
	}
	return "ok";
}

static const char *request(struct vf *v, uint32_t message)
{
	const char *sent = send_message(v, message);
	uint64_t begin = now_us(), end = begin + PATIENCE_MS * 1000ull;

	if (strcmp(sent, "ok"))
		return sent;
	while (!(rd(v, CONTROL) & RCV_VALID) || rd(v, RCV_DW(0)) != READY) {
		if (now_us() > end)
			return "no-answer";
		pause_us(begin);
	}
	wr(v, CONTROL, rd(v, CONTROL) | RCV_ACK);
	return poll_control(v, RCV_VALID, 0) ? "ok" : "still-valid";
}

/* What amdgpu does in its exclusive access: says where it will write the ring's pointer. */
static void set_up_ring(struct vf *v)
{
	wr(v, CP_RB_WPTR_POLL_ADDR_LO, RING_POINTER_AT);
	wr(v, CP_RB_WPTR_POLL_ADDR_HI, 0);
}

static const char *both(struct vf *v, uint32_t ask, uint32_t release)
{
	const char *result = request(v, ask);

	if (strcmp(result, "ok"))
		return result;
	if (ask == REQ_INIT)
		set_up_ring(v);
	return send_message(v, release);
}

static const char *text(struct vf *v, const char *words)
{
	size_t len = strlen(words) + 1;

	for (size_t at = 0; at < len; at += 8) {
		uint32_t dw[2] = { 0, 0 };
		const char *result;

		memcpy(dw, words + at, len - at < 8 ? len - at : 8);
		wr(v, TRN_DW(2), dw[0]);
		wr(v, TRN_DW(3), dw[1]);
		result = send_message(v, TEXT);
		if (strcmp(result, "ok"))
			return result;
	}
	return "ok";
}

static const char *wait_work(struct vf *v, unsigned ms)
{
	uint64_t begin = now_us(), end = begin + ms * 1000ull;

	while (rd(v, WORK_QUEUED)) {
		if (now_us() > end)
			return "unfinished";
		pause_us(begin);
	}
	return "ok";
}

/* Rounds of a guest's life; a round that is begun is brought to its end. */
static const char *cycle(struct vf *v, unsigned seconds, unsigned *rounds)
{
	uint64_t end = now_us() + seconds * 1000000ull;
	const char *result = "ok";

	while (now_us() < end) {
		usleep(rand_r(&v->seed) % 4000000);
		result = both(v, REQ_INIT, REL_INIT);
		if (strcmp(result, "ok"))
			break;
		v->doorbell[DOORBELL_WORK / 4] = 1000 + rand_r(&v->seed) % 20000;
		result = wait_work(v, PATIENCE_MS);
		if (strcmp(result, "ok"))
			break;
		usleep(rand_r(&v->seed) % 4000000);
		result = both(v, REQ_FINI, REL_FINI);
		if (strcmp(result, "ok"))
			break;
		++*rounds;
	}
	return result;
}

static const char *run(struct vf *v, const char *command, char *argument, char *detail)
{
	unsigned long n = strtoul(argument, NULL, 0);

	if (!strcmp(command, "init"))
		return request(v, REQ_INIT);
	if (!strcmp(command, "fini"))
		return request(v, REQ_FINI);
	if (!strcmp(command, "reset"))
		return request(v, REQ_RESET);
	if (!strcmp(command, "rel-init"))
		return send_message(v, REL_INIT);
	if (!strcmp(command, "rel-fini"))
		return send_message(v, REL_FINI);
	if (!strcmp(command, "start"))
		return both(v, REQ_INIT, REL_INIT);
	if (!strcmp(command, "end"))
		return both(v, REQ_FINI, REL_FINI);
	if (!strcmp(command, "ask"))
		return send_message(v, n);
	if (!strcmp(command, "text"))
		return text(v, argument);
	if (!strcmp(command, "flood")) {
		const char *result = "ok";

		while (n-- && !strcmp(result, "ok"))
			result = send_message(v, 77);
		return result;
	}
	if (!strcmp(command, "storm"))
		return storm(v, n);
	if (!strcmp(command, "work")) {
		v->doorbell[DOORBELL_WORK / 4] = n;
		return "ok";
	}
	if (!strcmp(command, "wait"))
		return wait_work(v, n);
	if (!strcmp(command, "sleep")) {
		usleep(n * 1000);
		return "ok";
	}
	if (!strcmp(command, "read")) {
		sprintf(detail, " %08x", rd(v, n));
		return "ok";
	}
	if (!strcmp(command, "write") && strchr(argument, '=')) {
		wr(v, n, strtoul(strchr(argument, '=') + 1, NULL, 0));
		return "ok";
	}
	if (!strcmp(command, "cycle")) {
		unsigned rounds = 0;
		const char *result = cycle(v, n, &rounds);

		sprintf(detail, " %u", rounds);
		return result;
	}
	return "unknown-command";
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
		begin = now_us();
		result = run(v, line, argument, detail);
		wanted = *v->expect ? v->expect : "ok";
		pthread_mutex_lock(&output);
		printf("%d %s %s %llu%s\n", v->number, line, result, (unsigned long long)(now_us() - begin), detail);
		fflush(stdout);
		if (strcmp(result, wanted) && strcmp(wanted, "any"))
			failed = true;
		pthread_mutex_unlock(&output);
		*v->expect = 0;
	}
}

static void *map(const char *pf, int vf, int bar, size_t len)
{
	char path[160];
	void *p;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn%d/resource%d", pf, vf, bar);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	return p;
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

int main(int argc, char **argv)
{
	char line[LINE];
	int n = 0;

	if (argc != 2)
		errx(2, "usage: vfclient PF-ADDRESS");
	for (; n < VFS; n++) {
		struct vf *v = &vfs[n];

		v->mmio = map(argv[1], n, 5, MMIO_LEN);
		if (!v->mmio)
			break;
		v->doorbell = map(argv[1], n, 2, DOORBELL_LEN);
		if (!v->doorbell || rd(v, WORK_ID) != WORK_ID_VALUE)
			errx(1, "VF%d is none of an emulated S7150", n + 1);
		v->number = n + 1;
		v->seed = n + 1;
		pthread_mutex_init(&v->lock, NULL);
		pthread_cond_init(&v->changed, NULL);
		if (pthread_create(&v->thread, NULL, guest, v))
			errx(1, "no thread");
	}
	if (!n)
		errx(1, "%s has no VFs", argv[1]);

	while (fgets(line, sizeof(line), stdin)) {
		char *command = line + strcspn(line, " ");
		int vf = atoi(line);

		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		if (!*command || ((vf < 1 || vf > n) && strncmp(line, "all ", 4)))
			errx(2, "not understood: %s", line);
		for (int i = 0; i < n; i++)
			if (vf == 0 || vf == i + 1)
				queue(&vfs[i], command + 1);
	}
	for (int i = 0; i < n; i++) {
		pthread_mutex_lock(&vfs[i].lock);
		vfs[i].closed = true;
		pthread_cond_broadcast(&vfs[i].changed);
		pthread_mutex_unlock(&vfs[i].lock);
	}
	for (int i = 0; i < n; i++)
		pthread_join(vfs[i].thread, NULL);
	return failed;
}
