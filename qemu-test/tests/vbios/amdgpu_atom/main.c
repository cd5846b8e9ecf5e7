// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Runs command tables with amdgpu's interpreter on simulated registers and prints each access: the counterpart of
 * rust/atom_trace, which describes the file it reads and has the same card (card.rs). They must change together.
 */
#include <stdarg.h>

#include "atom.h"

enum { REGISTER, PLL, MC, SPACES };

#define REGISTERS 0x20000
#define PARAMETERS 16
#define SCRATCH_BYTES (20 * 1024)

struct cell {
	u32 value;
	/* Of the run that wrote it: all cells are forgotten by counting up. */
	u32 run;
};

static struct cell cells[SPACES][REGISTERS];
static u32 seed;
static u32 run;

void shim_complain(const char *format, ...)
{
	va_list arguments;

	printf("complaint: ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

void shim_delay(unsigned int us)
{
	printf("d %u\n", us);
}

int shim_print(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return length < (int)size ? length : (int)size - 1;
}

static u32 hash(u32 space, u32 index)
{
	u32 h = seed ^ space * 0x9e3779b1u ^ index * 0x85ebca6bu;

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	h ^= h >> 15;
	if ((h & 0xf) == 0)
		return 0;
	return (h & 0xf) == 1 ? 0xffffffffu : h;
}

static struct cell *cell(u32 space, u32 index)
{
	if (index >= REGISTERS) {
		fprintf(stderr, "register %x does not exist\n", index);
		exit(1);
	}
	return &cells[space][index];
}

static u32 card_read(int space, u32 index)
{
	const struct cell *c = cell(space, index);
	u32 value = c->run == run ? c->value : hash(space, index);

	printf("%c %x %x\n", "rpm"[space], index, value);
	return value;
}

static void card_write(int space, u32 index, u32 value)
{
	*cell(space, index) = (struct cell){ value, run };
	printf("%c %x %x\n", "RPM"[space], index, value);
}

#define ACCESSORS(name, space)                                                                                         \
	static u32 name##_read(struct card_info *card, u32 index)                                                      \
	{                                                                                                              \
		(void)card;                                                                                            \
		return card_read(space, index);                                                                        \
	}                                                                                                              \
	static void name##_write(struct card_info *card, u32 index, u32 value)                                        \
	{                                                                                                              \
		(void)card;                                                                                            \
		card_write(space, index, value);                                                                       \
	}

ACCESSORS(reg, REGISTER)
ACCESSORS(pll, PLL)
ACCESSORS(mc, MC)

static struct card_info card = {
	.reg_read = reg_read,
	.reg_write = reg_write,
	.pll_read = pll_read,
	.pll_write = pll_write,
	.mc_read = mc_read,
	.mc_write = mc_write,
};

static void run_table(struct atom_context *ctx, int table)
{
	u32 parameters[PARAMETERS], sum = 0;
	int i, result;

	run++;
	for (i = 0; i < PARAMETERS; i++)
		parameters[i] = hash(5, i);
	/* Ours keeps nothing from one table to the next. */
	ctx->shift = 0;
	ctx->io_attr = 0;
	ctx->cs_equal = 0;
	ctx->cs_above = 0;
	memset(ctx->scratch, 0, SCRATCH_BYTES);

	printf("table %x\n", table);
	result = amdgpu_atom_execute_table(ctx, table, parameters, PARAMETERS);
	if (result)
		printf("failed: %d;", result);
	else
		printf("done");
	for (i = 0; i < PARAMETERS; i++)
		printf(" %x", parameters[i]);
	for (i = 0; i < SCRATCH_BYTES / 4; i++)
		sum = sum * 31 + ctx->scratch[i];
	printf(" scratch %x\n", sum);
}

static void run_all(u8 *image, u32 length, u32 image_seed)
{
	struct atom_context *ctx;
	u8 frev, crev;
	int table;

	printf("image %x\n", image_seed);
	ctx = amdgpu_atom_parse(&card, image, length);
	if (!ctx) {
		printf("unusable\n");
		return;
	}
	ctx->scratch = calloc(1, SCRATCH_BYTES);
	ctx->scratch_size_bytes = SCRATCH_BYTES;
	printf("part %s; version %s; date %s\n", (char *)ctx->vbios_pn, (char *)ctx->vbios_ver_str, (char *)ctx->date);
	/* The master table's own length bounds it; the test's images fill it. */
	for (table = 0; table < (image[ctx->cmd_table] | image[ctx->cmd_table + 1] << 8) / 2 - 2; table++) {
		if (!amdgpu_atom_parse_cmd_header(ctx, table, &frev, &crev))
			continue;
		seed = image_seed + table;
		run_table(ctx, table);
	}
	free(ctx->scratch);
	amdgpu_atom_destroy(ctx);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	u32 header[2];

	if (!file) {
		fprintf(stderr, "usage: amdgpu-atom FILE\n");
		return 2;
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	while (fread(header, sizeof(header), 1, file) == 1) {
		/* What the interpreter reads past the end of an image shall at least be there. */
		u8 *image = calloc(1, (size_t)header[1] + 0x20010);

		if (!image || fread(image, 1, header[1], file) != header[1]) {
			fprintf(stderr, "the file ends within an image\n");
			return 1;
		}
		run_all(image, header[1], header[0]);
		free(image);
	}
	return 0;
}
