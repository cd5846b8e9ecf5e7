/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* See vf.h. */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vf.h"

/* BARs (section 1.2 of the hardware reference) */
#define BAR_FB 0
#define BAR_DOORBELL 2
#define DOORBELL_LEN 0x200000
/* Of the framebuffer, at most (section 6.1, step 6) */
#define VBIOS_LEN 0x40000

/* Registers, byte offsets (section 3.6) */
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

uint64_t vf_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

bool vf_is_mapped(struct vf_io *v, uint32_t offset)
{
	uint32_t page = offset / 4096;

	return page < VF_MMIO_PAGES && (v->pages[page / 64] & 1ull << page % 64);
}

uint32_t vf_read(struct vf_io *v, uint32_t offset)
{
	uint32_t value = UINT32_MAX;

	if (vf_is_mapped(v, offset))
		return v->mmio[offset / 4];
	if (!vfio_read(&v->vfio, VF_MMIO_BAR, offset, &value, sizeof(value)))
		warn("read of register %x", offset);
	return value;
}

void vf_write(struct vf_io *v, uint32_t offset, uint32_t value)
{
	if (vf_is_mapped(v, offset))
		v->mmio[offset / 4] = value;
	else if (!vfio_write(&v->vfio, VF_MMIO_BAR, offset, &value, sizeof(value)))
		warn("write of register %x", offset);
}

/* Maps the first *len bytes of a BAR, or all of it for 0. */
static void *map_sysfs(const char *folder, int bar, size_t *len)
{
	char path[PATH_MAX];
	struct stat st;
	void *p;
	int fd;

	snprintf(path, sizeof(path), "%s/resource%d", folder, bar);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		err(1, "%s", path);
	if (!*len)
		*len = st.st_size;
	p = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	return p;
}

static void check(struct vf_io *v, const char *what)
{
	if (vf_read(v, WORK_ID) != WORK_ID_VALUE)
		errx(1, "%s is no VF of an emulated S7150", what);
}

bool vf_open_sysfs(struct vf_io *v, const char *folder)
{
	size_t mmio_len = VF_MMIO_LEN, doorbell_len = DOORBELL_LEN;

	v->mmio = map_sysfs(folder, VF_MMIO_BAR, &mmio_len);
	if (!v->mmio)
		return false;
	memset(v->pages, 0xff, sizeof(v->pages));
	v->doorbell = map_sysfs(folder, BAR_DOORBELL, &doorbell_len);
	v->fb = map_sysfs(folder, BAR_FB, &v->fb_len);
	if (!v->doorbell || !v->fb)
		errx(1, "%s has not all BARs", folder);
	check(v, folder);
	return true;
}

void vf_open_vfio(struct vf_io *v, const char *address)
{
	uint64_t doorbell_pages[DOORBELL_LEN / 4096 / 64], *fb_pages;
	uint16_t command;

	v->through_vfio = true;
	v->vfio = vfio_open(address);
	/* Memory, and DMA: what a guest's firmware and driver switch on. */
	if (!vfio_read(&v->vfio, VFIO_CONFIG, 4, &command, sizeof(command)))
		err(1, "%s: configuration", address);
	command |= 6;
	if (!vfio_write(&v->vfio, VFIO_CONFIG, 4, &command, sizeof(command)))
		err(1, "%s: configuration", address);
	v->mmio = vfio_map(&v->vfio, VF_MMIO_BAR, VF_MMIO_LEN, v->pages);
	v->doorbell = vfio_map(&v->vfio, BAR_DOORBELL, DOORBELL_LEN, doorbell_pages);
	vfio_region(&v->vfio, BAR_FB, &v->fb_len);
	fb_pages = calloc(v->fb_len / 4096 / 64 + 1, sizeof(*fb_pages));
	if (!fb_pages)
		err(1, "no memory");
	v->fb = vfio_map(&v->vfio, BAR_FB, v->fb_len, fb_pages);
	free(fb_pages);
	check(v, address);
}

/* Sleeps between two looks: as amdgpu does at first, less often once that was for long. */
static void pause_us(uint64_t begin)
{
	usleep(vf_now_us() - begin < 100000 ? 500 : 5000);
}

static bool poll_control(struct vf_io *v, uint32_t mask, uint32_t wanted)
{
	uint64_t begin = vf_now_us(), end = begin + PATIENCE_MS * 1000ull;

	while ((vf_read(v, CONTROL) & mask) != wanted) {
		if (vf_now_us() > end)
			return false;
		pause_us(begin);
	}
	return true;
}

const char *vf_send(struct vf_io *v, uint32_t message)
{
	vf_write(v, TRN_DW(0), message);
	vf_write(v, CONTROL, vf_read(v, CONTROL) | TRN_VALID);
	if (!poll_control(v, TRN_ACK, TRN_ACK)) {
		vf_write(v, CONTROL, vf_read(v, CONTROL) & ~TRN_VALID);
		return "no-ack";
	}
	vf_write(v, CONTROL, vf_read(v, CONTROL) & ~TRN_VALID);
	return "ok";
}

const char *vf_storm(struct vf_io *v, unsigned long ms)
{
	uint64_t end = vf_now_us() + ms * 1000ull;
	uint32_t control = vf_read(v, CONTROL) & ~TRN_VALID;

	for (uint64_t now = vf_now_us(), last; now < end;) {
		vf_write(v, CONTROL, control | TRN_VALID);
		vf_write(v, CONTROL, control);
		for (last = now; now == last; now = vf_now_us())
			;
	}
	return "ok";
}

const char *vf_request(struct vf_io *v, uint32_t message)
{
	const char *sent = vf_send(v, message);
	uint64_t begin = vf_now_us(), end = begin + PATIENCE_MS * 1000ull;

	if (strcmp(sent, "ok"))
		return sent;
	while (!(vf_read(v, CONTROL) & RCV_VALID) || vf_read(v, RCV_DW(0)) != READY) {
		if (vf_now_us() > end)
			return "no-answer";
		pause_us(begin);
	}
	vf_write(v, CONTROL, vf_read(v, CONTROL) | RCV_ACK);
	return poll_control(v, RCV_VALID, 0) ? "ok" : "still-valid";
}

/* What amdgpu does in its exclusive access: says where it will write the ring's pointer. */
static void set_up_ring_pointer(struct vf_io *v)
{
	vf_write(v, CP_RB_WPTR_POLL_ADDR_LO, RING_POINTER_AT);
	vf_write(v, CP_RB_WPTR_POLL_ADDR_HI, 0);
}

const char *vf_both(struct vf_io *v, uint32_t ask, uint32_t release)
{
	const char *result = vf_request(v, ask);

	if (strcmp(result, "ok"))
		return result;
	if (ask == REQ_INIT)
		set_up_ring_pointer(v);
	return vf_send(v, release);
}

const char *vf_text(struct vf_io *v, const char *words)
{
	size_t len = strlen(words) + 1;

	for (size_t at = 0; at < len; at += 8) {
		uint32_t dw[2] = { 0, 0 };
		const char *result;

		memcpy(dw, words + at, len - at < 8 ? len - at : 8);
		vf_write(v, TRN_DW(2), dw[0]);
		vf_write(v, TRN_DW(3), dw[1]);
		result = vf_send(v, TEXT);
		if (strcmp(result, "ok"))
			return result;
	}
	return "ok";
}

bool vf_reads_zero(struct vf_io *v, size_t step)
{
	for (size_t at = VBIOS_LEN; at < v->fb_len; at += step)
		if (v->fb[at / 4])
			return false;
	return true;
}

void vf_work(struct vf_io *v, uint32_t us)
{
	v->doorbell[DOORBELL_WORK / 4] = us;
}

const char *vf_wait_work(struct vf_io *v, unsigned ms)
{
	uint64_t begin = vf_now_us(), end = begin + ms * 1000ull;

	while (vf_read(v, WORK_QUEUED)) {
		if (vf_now_us() > end)
			return "unfinished";
		pause_us(begin);
	}
	return "ok";
}
