#include "collector/store/planes.h"

#include "common/bytes.h"

enum {
	N_PLANES = sizeof(struct columns),
	TILE = 64, /* records walked together, so that they stay in the first cache */
};

static void take_differences(struct columns *columns, size_t n)
{
	for (size_t i = n - 1; i > 0; i--) {
		const struct columns *before = &columns[i - 1];
		struct columns *here = &columns[i];

		here->created_ns =
			(int64_t)((uint64_t)here->created_ns - (uint64_t)before->created_ns);
		here->received_ns =
			(int64_t)((uint64_t)here->received_ns - (uint64_t)before->received_ns);
		here->sequence -= before->sequence;
		here->body_at = 0;
	}
	columns[0].body_at = 0;
}

static void add_differences(struct columns *columns, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct columns *before = &columns[i - 1];
		struct columns *here = &columns[i];

		here->created_ns =
			(int64_t)((uint64_t)here->created_ns + (uint64_t)before->created_ns);
		here->received_ns =
			(int64_t)((uint64_t)here->received_ns + (uint64_t)before->received_ns);
		here->sequence += before->sequence;
		here->body_at = before->body_at + before->body_size;
	}
}

/* Bit p is set when byte p is the same in all records. */
static uint64_t constant_planes(const struct columns *columns, size_t n)
{
	unsigned char different[N_PLANES] = {0};
	const unsigned char *first = (const unsigned char *)columns;
	uint64_t constant = 0;

	for (size_t i = 1; i < n; i++) {
		const unsigned char *here = first + i * N_PLANES;

		for (size_t plane = 0; plane < N_PLANES; plane++)
			different[plane] |= here[plane] ^ first[plane];
	}
	for (size_t plane = 0; plane < N_PLANES; plane++)
		constant |= (uint64_t)(different[plane] == 0) << plane;
	return constant;
}

/* Where the planes of several values start; returns how many there are. */
static size_t varied_planes(
	uint64_t constant, size_t n, size_t at[N_PLANES], uint8_t planes[N_PLANES], size_t *end)
{
	size_t n_varied = 0, offset = sizeof(uint64_t);

	for (size_t plane = 0; plane < N_PLANES; plane++) {
		if (constant >> plane & 1) {
			offset++;
			continue;
		}
		planes[n_varied] = (uint8_t)plane;
		at[n_varied++] = offset;
		offset += n;
	}
	*end = offset;
	return n_varied;
}

char *planes_write(char *to, struct columns *columns, size_t n)
{
	take_differences(columns, n);

	uint64_t constant = constant_planes(columns, n);
	size_t at[N_PLANES], end, offset = sizeof(uint64_t);
	uint8_t planes[N_PLANES];
	size_t n_varied = varied_planes(constant, n, at, planes, &end);
	const char *from = (const char *)columns;

	bytes_put_u64(to, constant);
	for (size_t plane = 0; plane < N_PLANES; plane++) {
		to[offset] = from[plane];
		offset += constant >> plane & 1 ? 1 : n;
	}
	for (size_t tile = 0; tile < n; tile += TILE) {
		size_t n_here = n - tile < TILE ? n - tile : TILE;

		for (size_t v = 0; v < n_varied; v++) {
			for (size_t i = tile; i < tile + n_here; i++)
				to[at[v] + i] = from[i * N_PLANES + planes[v]];
		}
	}
	return to + end;
}

static void fill_constant(
	struct slice bytes, uint64_t constant, struct columns *columns, size_t n)
{
	struct columns all = {0};
	size_t offset = sizeof(uint64_t);

	for (size_t plane = 0; plane < N_PLANES; plane++) {
		bool same = constant >> plane & 1;

		if (same)
			((char *)&all)[plane] = bytes.ptr[offset];
		offset += same ? 1 : n;
	}
	for (size_t i = 0; i < n; i++)
		columns[i] = all;
}

size_t planes_read(struct slice bytes, struct columns *columns, size_t n)
{
	if (bytes.len < sizeof(uint64_t))
		return 0;

	uint64_t constant = bytes_get_u64(bytes.ptr);
	size_t at[N_PLANES], end;
	uint8_t planes[N_PLANES];
	size_t n_varied = varied_planes(constant, n, at, planes, &end);
	char *to = (char *)columns;

	if (bytes.len < end)
		return 0;
	fill_constant(bytes, constant, columns, n);
	for (size_t tile = 0; tile < n; tile += TILE) {
		size_t n_here = n - tile < TILE ? n - tile : TILE;

		for (size_t v = 0; v < n_varied; v++) {
			for (size_t i = tile; i < tile + n_here; i++)
				to[i * N_PLANES + planes[v]] = bytes.ptr[at[v] + i];
		}
	}
	columns[0].body_at = 0;
	add_differences(columns, n);
	return end;
}
