#include <stdio.h>
#include <stdlib.h>

#include "tests/common/chunk_bench.h"

START_TEST(items_come_back_as_they_went)
{
	struct rig rig;

	rig_init(&rig);
	unsigned a = add_file(&rig, "/var/log/auth.log");
	unsigned b = add_file(&rig, "/var/log/syslog");
	const struct chunk_item items[] = {
		{ITEM_LINE, 0, a, 1000, 500, 5, SLICE_LIT("first")},
		{ITEM_LINE, 0, a, 1000, 506, 6, SLICE_LIT("second")},
		{ITEM_LINE, ITEM_TRUNCATED, b, 999, UINT64_MAX, 1 << 30, SLICE_LIT("cut")},
		{ITEM_LINE, ITEM_UNTERMINATED | ITEM_JOINED, a, 0, 0, 0, SLICE_LIT("")},
		{ITEM_HIT, ITEM_TEST, b, INT64_C(1) << 62, 1, 2, SLICE_LIT("{}")},
		{ITEM_INVENTORY, 0, b, 1, 1, 2, SLICE_LIT("{}")},
		{ITEM_STATE, ITEM_TRUNCATED, a, 0, 0, UINT64_MAX, SLICE_LIT("")},
		{ITEM_LINE, 0, a, 0, 0, 8, SLICE_LIT("\0\1\r\n\xff\0\xc3\0")},
	};
	assert_comes_back(&rig, items, ARRAY_LEN(items));
	rig_done(&rig);
}
END_TEST

START_TEST(clocks_of_other_worlds_come_as_the_nearest)
{
	struct rig rig;

	rig_init(&rig);
	struct chunk_item item = line(add_file(&rig, "f"), SLICE_LIT("x"));
	item.read_ns = INT64_MIN;
	ck_assert(chunk_builder_add(rig.builder, &item));
	item.read_ns = INT64_MAX;
	ck_assert(chunk_builder_add(rig.builder, &item));
	ck_assert_int_eq(read_chunk(&rig, chunk_builder_seal(rig.builder)), CHUNK_OK);
	ck_assert_int_eq(rig.chunk.items[0].read_ns, 0);
	ck_assert_int_eq(rig.chunk.items[1].read_ns, INT64_C(1) << 62);
	rig_done(&rig);
}
END_TEST

START_TEST(sources_come_back_with_their_last_positions)
{
	struct rig rig;

	rig_init(&rig);
	unsigned a = add_file(&rig, "/var/log/auth.log");
	unsigned b = chunk_builder_source(rig.builder,
		&(struct chunk_source){SLICE_LIT("journal"), SLICE_LIT("/var/log/auth.log"),
			SLICE_NONE, SLICE_LIT("not looked at")});
	struct chunk_item item = line(a, SLICE_LIT("x"));
	ck_assert(chunk_builder_add(rig.builder, &item));
	chunk_builder_position(rig.builder, a, SLICE_LIT("a longer position than the last"));
	chunk_builder_position(rig.builder, a, SLICE_LIT("inode 5\0offset 9"));

	ck_assert_int_eq(read_chunk(&rig, chunk_builder_seal(rig.builder)), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_sources, 2);
	ck_assert_slice_eq(rig.chunk.sources[a].input, SLICE_LIT("file"));
	ck_assert_slice_eq(rig.chunk.sources[a].name, SLICE_LIT("/var/log/auth.log"));
	ck_assert_slice_eq(rig.chunk.sources[a].format, SLICE_LIT("sshd"));
	ck_assert_slice_eq(rig.chunk.sources[a].position, SLICE_LIT("inode 5\0offset 9"));
	ck_assert_slice_eq(rig.chunk.sources[b].input, SLICE_LIT("journal"));
	ck_assert_slice_eq(rig.chunk.sources[b].format, SLICE_LIT(""));
	ck_assert_slice_eq(rig.chunk.sources[b].position, SLICE_LIT(""));
	rig_done(&rig);
}
END_TEST

START_TEST(a_source_has_one_number)
{
	struct rig rig;
	char name[32];

	rig_init(&rig);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < CHUNK_SOURCES_MAX; i++) {
			snprintf(name, sizeof(name), "/srv/%u/access.log", i);
			ck_assert_uint_eq(add_file(&rig, name), i);
			ck_assert_uint_eq(add_file(&rig, name), i);
		}
	}
	ck_assert_uint_eq(add_file(&rig, "/one/too/many"), CHUNK_SOURCES_MAX);
	ck_assert_uint_eq(add_file(&rig, "/srv/7/access.log"), 7);

	chunk_builder_reset(rig.builder);
	ck_assert_uint_eq(add_file(&rig, "/one/too/many"), 0);
	rig_done(&rig);
}
END_TEST

/* "ab" + "c" and "a" + "bc" are the same bytes in a row. */
START_TEST(input_and_name_are_told_apart)
{
	struct rig rig;

	rig_init(&rig);
	unsigned a = chunk_builder_source(
		rig.builder, &(struct chunk_source){
				     SLICE_LIT("ab"), SLICE_LIT("c"), SLICE_NONE, SLICE_NONE});
	unsigned b = chunk_builder_source(
		rig.builder, &(struct chunk_source){
				     SLICE_LIT("a"), SLICE_LIT("bc"), SLICE_NONE, SLICE_NONE});
	unsigned none = chunk_builder_source(rig.builder, &(struct chunk_source){SLICE_NONE});
	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(a, none);
	ck_assert_uint_ne(b, none);
	rig_done(&rig);
}
END_TEST

START_TEST(a_chunk_is_full_at_so_many_items)
{
	struct rig rig;

	rig_init(&rig);
	struct chunk_item item = line(add_file(&rig, "f"), SLICE_LIT(""));
	for (unsigned i = 0; i < CHUNK_ITEMS_MAX; i++)
		ck_assert(chunk_builder_add(rig.builder, &item));
	ck_assert(!chunk_builder_add(rig.builder, &item));
	ck_assert_int_eq(read_chunk(&rig, chunk_builder_seal(rig.builder)), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_items, CHUNK_ITEMS_MAX);
	rig_done(&rig);
}
END_TEST

START_TEST(a_chunk_is_full_at_so_many_bytes)
{
	struct rig rig;
	char *bytes = noise(CHUNK_ITEM_MAX, 1), position[CHUNK_POSITION_MAX] = "p";
	unsigned n = 0;

	rig_init(&rig);
	struct chunk_item item = line(add_file(&rig, "f"), slice_of(bytes, CHUNK_ITEM_MAX));
	while (chunk_builder_add(rig.builder, &item))
		n++;
	ck_assert_uint_ge(n, 3);
	while (item.bytes.len > 0) { /* fill the rest exactly */
		if (!chunk_builder_add(rig.builder, &item))
			item.bytes.len /= 2, item.whole = item.bytes.len;
		else
			n++;
	}
	chunk_builder_position(rig.builder, 0, slice_of(position, sizeof(position)));

	struct slice sealed = chunk_builder_seal(rig.builder);
	ck_assert_uint_le(sealed.len, CHUNK_SIZE_MAX);
	ck_assert_int_eq(read_chunk(&rig, sealed), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_items, n);
	ck_assert_slice_eq(rig.chunk.sources[0].position, slice_of(position, sizeof(position)));
	free(bytes);
	rig_done(&rig);
}
END_TEST

START_TEST(the_largest_item_fits_beside_the_largest_sources)
{
	struct rig rig;
	char *bytes = noise(CHUNK_ITEM_MAX, 2);
	char position[CHUNK_POSITION_MAX] = "";

	rig_init(&rig);
	for (unsigned i = 0; i < CHUNK_SOURCES_MAX; i++) {
		bytes[0] = (char)i;
		struct chunk_source source = {slice_of(bytes, CHUNK_WORD_MAX),
			slice_of(bytes, CHUNK_NAME_MAX), slice_of(bytes, CHUNK_WORD_MAX),
			SLICE_NONE};
		ck_assert_uint_eq(chunk_builder_source(rig.builder, &source), i);
		chunk_builder_position(rig.builder, i, slice_of(position, sizeof(position)));
	}
	struct chunk_item item = line(255, slice_of(bytes, CHUNK_ITEM_MAX));
	ck_assert(chunk_builder_add(rig.builder, &item));
	ck_assert_int_eq(read_chunk(&rig, chunk_builder_seal(rig.builder)), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_sources, CHUNK_SOURCES_MAX);
	assert_item_eq(&rig.chunk.items[0], &item);
	free(bytes);
	rig_done(&rig);
}
END_TEST

START_TEST(sealing_keeps_what_was_built)
{
	struct rig rig;
	struct strbuf once = STRBUF_INIT(1 << 20);

	rig_init(&rig);
	struct chunk_item item = line(add_file(&rig, "f"), SLICE_LIT("one"));
	ck_assert(chunk_builder_add(rig.builder, &item));
	strbuf_add(&once, chunk_builder_seal(rig.builder));
	ck_assert_slice_eq(chunk_builder_seal(rig.builder), strbuf_slice(&once));

	ck_assert(chunk_builder_add(rig.builder, &item));
	ck_assert_int_eq(read_chunk(&rig, chunk_builder_seal(rig.builder)), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_items, 2);
	strbuf_done(&once);
	rig_done(&rig);
}
END_TEST

START_TEST(a_reset_builder_builds_the_same_again)
{
	struct rig rig;
	struct strbuf once = STRBUF_INIT(1 << 20);

	rig_init(&rig);
	for (int round = 0; round < 3; round++) {
		chunk_builder_reset(rig.builder);
		ck_assert_uint_eq(chunk_builder_items(rig.builder), 0);
		struct chunk_item item = line(add_file(&rig, "f"), SLICE_LIT("text"));
		item.read_ns = 77;
		item.offset = 100;
		ck_assert(chunk_builder_add(rig.builder, &item));
		struct slice sealed = chunk_builder_seal(rig.builder);
		if (round == 0)
			strbuf_add(&once, sealed);
		ck_assert_slice_eq(sealed, strbuf_slice(&once));
	}
	strbuf_done(&once);
	rig_done(&rig);
}
END_TEST

/* One line for ever is what a flood looks like: it may not become a bomb. */
START_TEST(equal_lines_are_no_bomb)
{
	struct rig rig;
	char *zeros = calloc(1, CHUNK_ITEM_MAX);
	static const size_t sizes[] = {100, 1000, CHUNK_ITEM_MAX};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		rig_init(&rig);
		struct chunk_item item = line(add_file(&rig, "f"), slice_of(zeros, sizes[i]));
		while (chunk_builder_add(rig.builder, &item))
			continue;

		struct slice sealed = chunk_builder_seal(rig.builder);
		ck_assert_uint_lt(sealed.len, 21 << 10);
		ck_assert_int_eq(read_chunk(&rig, sealed), CHUNK_OK);
		ck_assert_uint_eq(rig.chunk.n_items, chunk_builder_items(rig.builder));
		rig_done(&rig);
	}
	free(zeros);
}
END_TEST

/* ---- chance ----------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Numbers of all magnitudes, not only large ones. */
static uint64_t random_size(uint64_t *state)
{
	uint64_t value = next_random(state);

	return value >> next_random(state) % 64;
}

static struct chunk_item random_item(uint64_t *state, const char *bytes, size_t max)
{
	struct chunk_item item = {
		.kind = (enum item_kind)(ITEM_LINE + next_random(state) % 4),
		.flags = next_random(state) % 2 ? 0 : (unsigned)(next_random(state) % 16),
		.source = (unsigned)(next_random(state) % 5),
		.read_ns = (int64_t)(random_size(state) >> 2),
		.offset = random_size(state),
	};
	size_t at = next_random(state) % max;
	size_t len = next_random(state) % (max - at);

	item.bytes = slice_of(bytes + at, len);
	item.whole = len;
	if ((item.flags & ITEM_TRUNCATED) != 0)
		item.whole += random_size(state) >> 1;
	return item;
}

START_TEST(whatever_is_built_comes_back)
{
	enum { ROUNDS = 200, ITEMS_MAX = 60, BYTES = 3000 };
	char *bytes = noise(BYTES, 4);
	uint64_t state = 88172645463325252u;
	struct rig rig;

	rig_init(&rig);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct chunk_item items[ITEMS_MAX];
		unsigned n = 1 + (unsigned)(next_random(&state) % ITEMS_MAX);
		char name[2] = "a";

		chunk_builder_reset(rig.builder);
		for (; name[0] < 'f'; name[0]++)
			add_file(&rig, name);
		for (unsigned i = 0; i < n; i++)
			items[i] = random_item(&state, bytes, BYTES);
		assert_comes_back(&rig, items, n);
	}
	free(bytes);
	rig_done(&rig);
}
END_TEST

TEST_MAIN("chunk", items_come_back_as_they_went, clocks_of_other_worlds_come_as_the_nearest,
	sources_come_back_with_their_last_positions, a_source_has_one_number,
	input_and_name_are_told_apart, a_chunk_is_full_at_so_many_items,
	a_chunk_is_full_at_so_many_bytes, the_largest_item_fits_beside_the_largest_sources,
	sealing_keeps_what_was_built, a_reset_builder_builds_the_same_again,
	equal_lines_are_no_bomb, whatever_is_built_comes_back)
