/* Chunks that nobody of ours has built. */
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "common/bytes.h"
#include "tests/common/chunk_bench.h"

enum { CRAFT_MAX = 5 << 20 };

static void seal_raw(struct strbuf *out, struct slice raw, int window_log, bool content_size)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(raw.len);

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, content_size);
	if (window_log > 0)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log);
	strbuf_add(out, SLICE_LIT("\1\0\0\0"));
	char *to = strbuf_reserve(out, bound);
	strbuf_extend(out, ZSTD_compress2(zstd, to, bound, raw.ptr, raw.len));
	ZSTD_freeCCtx(zstd);
}

/* A raw chunk of given counts and parts. */
static void put_raw(struct strbuf *raw, uint32_t n_items, uint32_t n_sources,
	struct slice texts, struct slice heads, struct slice sources)
{
	char head[16];

	bytes_put_u32(head, n_items);
	bytes_put_u32(head + 4, n_sources);
	bytes_put_u32(head + 8, (uint32_t)heads.len);
	bytes_put_u32(head + 12, (uint32_t)sources.len);
	strbuf_add(raw, slice_of(head, sizeof(head)));
	strbuf_add(raw, texts);
	strbuf_add(raw, heads);
	strbuf_add(raw, sources);
}

#define ONE_SOURCE SLICE_BYTES("\1i\1n\0\0")
#define NINE       "\x80\x80\x80\x80\x80\x80\x80\x80\x80"

START_TEST(malformed_contents_are_broken)
{
	static const struct {
		const char *what;
		enum chunk_status want;
		uint32_t n_items, n_sources;
		struct slice texts, heads, sources;
	} cases[] = {
		{"as it should be", CHUNK_OK, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {ONE_SOURCE}},
		{"no item", CHUNK_BROKEN, 0, 1, {SLICE_BYTES("")}, {SLICE_BYTES("")},
			{ONE_SOURCE}},
		{"too many items", CHUNK_BROKEN, 4097, 1, {SLICE_BYTES("")}, {SLICE_BYTES("")},
			{ONE_SOURCE}},
		{"2^32-1 items", CHUNK_BROKEN, UINT32_MAX, 1, {SLICE_BYTES("")},
			{SLICE_BYTES("")}, {ONE_SOURCE}},
		{"no source", CHUNK_BROKEN, 1, 0, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {SLICE_BYTES("")}},
		{"too many sources", CHUNK_BROKEN, 1, 257, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {ONE_SOURCE}},
		{"fewer heads than items", CHUNK_BROKEN, 2, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {ONE_SOURCE}},
		{"more heads than items", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2\x39\0")}, {ONE_SOURCE}},
		{"text left over", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("abc")},
			{SLICE_BYTES("\x31\0\2")}, {ONE_SOURCE}},
		{"text missing", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("a")},
			{SLICE_BYTES("\x31\0\2")}, {ONE_SOURCE}},
		{"kind 0", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")}, {SLICE_BYTES("\x30\0\2")},
			{ONE_SOURCE}},
		{"kind 5", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")}, {SLICE_BYTES("\x35\0\2")},
			{ONE_SOURCE}},
		{"unknown bit", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\xb1\0\2")}, {ONE_SOURCE}},
		{"no source said", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x39\2")}, {ONE_SOURCE}},
		{"source not there", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\1\2")}, {ONE_SOURCE}},
		{"source of 64 bits", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31" NINE "\1\2")}, {ONE_SOURCE}},
		{"unknown flags", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x71\0\x10\2")}, {ONE_SOURCE}},
		{"flags missing", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("")},
			{SLICE_BYTES("\x71\0")}, {ONE_SOURCE}},
		{"length cut short", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("")},
			{SLICE_BYTES("\x31\0\x80")}, {ONE_SOURCE}},
		{"length of 65 bits", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("")},
			{SLICE_BYTES("\x31\0" NINE "\2")}, {ONE_SOURCE}},
		{"length of 11 bytes", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("")},
			{SLICE_BYTES("\x31\0" NINE "\x80\0")}, {ONE_SOURCE}},
		{"length 2^64-1", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
			{ONE_SOURCE}},
		{"whole not said", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x71\0\1\2")}, {ONE_SOURCE}},
		{"whole beyond 64 bits", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x71\0\1\2\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
			{ONE_SOURCE}},
		{"source cut short", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {SLICE_BYTES("\1i\1n\0")}},
		{"bytes behind the sources", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")}, {SLICE_BYTES("\1i\1n\0\0\0")}},
		{"input's name too long", CHUNK_BROKEN, 1, 1, {SLICE_BYTES("ab")},
			{SLICE_BYTES("\x31\0\2")},
			{SLICE_BYTES("\x41"
				     "0123456789012345678901234567890123456789"
				     "0123456789012345678901234\1n\0\0")}},
	};
	struct rig rig;

	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf raw = STRBUF_INIT(CRAFT_MAX), sealed = STRBUF_INIT(CRAFT_MAX);

		put_raw(&raw, cases[i].n_items, cases[i].n_sources, cases[i].texts,
			cases[i].heads, cases[i].sources);
		seal_raw(&sealed, strbuf_slice(&raw), 0, true);
		enum chunk_status status = read_chunk(&rig, strbuf_slice(&sealed));
		ck_assert_msg(status == cases[i].want, "%s: %s", cases[i].what,
			chunk_status_text(status));
		strbuf_done(&raw);
		strbuf_done(&sealed);
	}
	rig_done(&rig);
}
END_TEST

/* The layout of agent/README.md, spelled out; zstd's frame holds one raw block. */
START_TEST(a_chunk_written_by_hand_is_read)
{
	static const struct slice sealed = {SLICE_BYTES("\1\0\2\0"
							"\x28\xb5\x2f\xfd\x20\x2a\x51\1\0"
							"\2\0\0\0\1\0\0\0\x0b\0\0\0\x0b\0\0\0"
							"abcd"
							"\x21\0\x90\3\2\x59\x14\5\2\x80\1"
							"\4file\1n\0\2po"
							"\0\0")};
	struct rig rig;

	rig_init(&rig);
	ck_assert_int_eq(read_chunk(&rig, sealed), CHUNK_OK);
	ck_assert_uint_eq(rig.chunk.n_sources, 1);
	ck_assert_slice_eq(rig.chunk.sources[0].input, SLICE_LIT("file"));
	ck_assert_slice_eq(rig.chunk.sources[0].position, SLICE_LIT("po"));
	ck_assert_uint_eq(rig.chunk.n_items, 2);
	assert_item_eq(&rig.chunk.items[0],
		&(struct chunk_item){ITEM_LINE, 0, 0, 200, 0, 2, SLICE_LIT("ab")});
	assert_item_eq(&rig.chunk.items[1],
		&(struct chunk_item){ITEM_LINE, ITEM_TRUNCATED | ITEM_JOINED, 0, 200, 13, 130,
			SLICE_LIT("cd")});
	rig_done(&rig);
}
END_TEST

START_TEST(parts_may_not_lie_about_their_sizes)
{
	static const struct {
		size_t at;
		uint32_t value;
	} cases[] = {{8, 4}, {8, 2}, {8, 100}, {8, UINT32_MAX}, {12, 7}, {12, 5},
		{12, UINT32_MAX}, {12, UINT32_MAX - 2}};
	struct rig rig;

	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf raw = STRBUF_INIT(CRAFT_MAX), sealed = STRBUF_INIT(CRAFT_MAX);

		put_raw(&raw, 1, 1, SLICE_LIT("ab"), SLICE_LIT("\x31\0\2"),
			(struct slice){ONE_SOURCE});
		bytes_put_u32(raw.ptr + cases[i].at, cases[i].value);
		seal_raw(&sealed, strbuf_slice(&raw), 0, true);
		ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&sealed)), CHUNK_BROKEN);
		strbuf_done(&raw);
		strbuf_done(&sealed);
	}
	rig_done(&rig);
}
END_TEST

/* A sealed chunk of some hundred different lines. */
static struct slice build_lines(struct rig *rig)
{
	char text[200];
	unsigned source = add_file(rig, "/var/log/auth.log");

	for (unsigned i = 0; i < 300; i++) {
		int len = snprintf(text, sizeof(text), "line %u says %u", i * 7919, i * i);
		struct chunk_item item = line(source, slice_of(text, (size_t)len));

		item.read_ns = 1000 + i;
		ck_assert(chunk_builder_add(rig->builder, &item));
	}
	return chunk_builder_seal(rig->builder);
}

START_TEST(every_truncation_is_broken)
{
	struct rig rig;

	rig_init(&rig);
	struct slice sealed = build_lines(&rig);
	for (size_t len = 0; len < sealed.len; len++)
		ck_assert_int_eq(read_chunk(&rig, slice_head(sealed, len)), CHUNK_BROKEN);
	ck_assert_int_eq(read_chunk(&rig, sealed), CHUNK_OK);
	rig_done(&rig);
}
END_TEST

/* Some flips give another valid chunk (the frame's CRC sees those); none may crash or grow. */
START_TEST(no_flipped_bit_does_harm)
{
	struct rig rig;
	struct strbuf copy = STRBUF_INIT(CRAFT_MAX);

	rig_init(&rig);
	strbuf_add(&copy, build_lines(&rig));
	for (size_t bit = 0; bit < copy.len * 8; bit++) {
		copy.ptr[bit / 8] = (char)(copy.ptr[bit / 8] ^ 1 << bit % 8);
		if (read_chunk(&rig, strbuf_slice(&copy)) == CHUNK_OK)
			ck_assert_uint_le(rig.chunk.n_items, CHUNK_ITEMS_MAX);
		ck_assert_uint_lt(rig.arena.used, ARENA_MAX);
		copy.ptr[bit / 8] = (char)(copy.ptr[bit / 8] ^ 1 << bit % 8);
	}
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&copy)), CHUNK_OK);
	strbuf_done(&copy);
	rig_done(&rig);
}
END_TEST

static void assert_refused(struct rig *rig, struct strbuf *sealed, enum chunk_status want)
{
	ck_assert_int_eq(read_chunk(rig, strbuf_slice(sealed)), want);
	ck_assert_uint_eq(rig->arena.used, 0);
	strbuf_done(sealed);
}

START_TEST(bombs_are_refused_before_they_go_off)
{
	struct rig rig;
	char *zeros = calloc(1, CHUNK_RAW_MAX + 1);
	struct strbuf ratio = STRBUF_INIT(CRAFT_MAX), size = STRBUF_INIT(CRAFT_MAX);
	struct strbuf window = STRBUF_INIT(CRAFT_MAX), edge = STRBUF_INIT(CRAFT_MAX);

	rig_init(&rig);
	seal_raw(&ratio, slice_of(zeros, CHUNK_RAW_MAX), 20, true);
	assert_refused(&rig, &ratio, CHUNK_BOMB);
	seal_raw(&size, slice_of(zeros, CHUNK_RAW_MAX + 1), 20, true);
	assert_refused(&rig, &size, CHUNK_BOMB);
	char *bytes = noise(2 << 20, 3);
	seal_raw(&window, slice_of(bytes, 2 << 20), 21, true);
	assert_refused(&rig, &window, CHUNK_BOMB);
	free(bytes);

	/* Just below the ratio it is only nonsense: zstd runs, no items are found. */
	seal_raw(&edge, slice_of(zeros, CHUNK_FREE_RAW), 0, true);
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&edge)), CHUNK_BROKEN);
	strbuf_done(&edge);
	free(zeros);
	rig_done(&rig);
}
END_TEST

START_TEST(an_arena_too_small_refuses_the_chunk)
{
	struct rig rig;
	struct chunk chunk = {.n_items = 12345};
	size_t limit = 0;

	rig_init(&rig);
	struct slice sealed = build_lines(&rig);
	for (;; limit += 64) {
		struct arena arena;

		arena_init(&arena, limit);
		enum chunk_status status = chunk_read(rig.reader, sealed, &arena, &chunk);
		arena_done(&arena);
		if (status == CHUNK_OK)
			break;
		ck_assert_int_eq(status, CHUNK_BOMB);
		ck_assert_uint_eq(chunk.n_items, 12345);
	}
	ck_assert_uint_gt(limit, 0);
	rig_done(&rig);
}
END_TEST

START_TEST(only_one_plain_frame_is_taken)
{
	static const struct slice skippable = {SLICE_BYTES("\x50\x2a\x4d\x18\2\0\0\0ab")};
	struct rig rig;
	struct strbuf raw = STRBUF_INIT(CRAFT_MAX), good = STRBUF_INIT(CRAFT_MAX);

	rig_init(&rig);
	put_raw(&raw, 1, 1, SLICE_LIT("ab"), SLICE_LIT("\x31\0\2"), (struct slice){ONE_SOURCE});
	seal_raw(&good, strbuf_slice(&raw), 0, true);
	struct slice frame = slice_from(strbuf_slice(&good), 4);
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&good)), CHUNK_OK);

	struct strbuf twice = STRBUF_INIT(CRAFT_MAX);
	strbuf_add(&twice, strbuf_slice(&good));
	strbuf_add(&twice, frame);
	assert_refused(&rig, &twice, CHUNK_BROKEN);

	struct strbuf behind = STRBUF_INIT(CRAFT_MAX);
	strbuf_add(&behind, strbuf_slice(&good));
	strbuf_add(&behind, skippable);
	assert_refused(&rig, &behind, CHUNK_BROKEN);

	struct strbuf before = STRBUF_INIT(CRAFT_MAX);
	strbuf_add(&before, slice_head(strbuf_slice(&good), 4));
	strbuf_add(&before, skippable);
	strbuf_add(&before, frame);
	assert_refused(&rig, &before, CHUNK_BROKEN);

	struct strbuf trailing = STRBUF_INIT(CRAFT_MAX);
	strbuf_add(&trailing, strbuf_slice(&good));
	strbuf_add_byte(&trailing, 0);
	assert_refused(&rig, &trailing, CHUNK_BROKEN);

	struct strbuf unsized = STRBUF_INIT(CRAFT_MAX);
	seal_raw(&unsized, strbuf_slice(&raw), 0, false);
	assert_refused(&rig, &unsized, CHUNK_BROKEN);

	struct strbuf nested = STRBUF_INIT(CRAFT_MAX);
	seal_raw(&nested, strbuf_slice(&good), 0, true);
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&nested)), CHUNK_BROKEN);
	strbuf_done(&nested);

	strbuf_done(&raw);
	strbuf_done(&good);
	rig_done(&rig);
}
END_TEST

START_TEST(checksums_dictionaries_and_reserved_bits_are_refused)
{
	struct rig rig;

	rig_init(&rig);
	for (int bit = 0; bit < 4; bit++) {
		struct strbuf raw = STRBUF_INIT(CRAFT_MAX), sealed = STRBUF_INIT(CRAFT_MAX);

		put_raw(&raw, 1, 1, SLICE_LIT("ab"), SLICE_LIT("\x31\0\2"),
			(struct slice){ONE_SOURCE});
		seal_raw(&sealed, strbuf_slice(&raw), 0, true);
		sealed.ptr[8] = (char)(sealed.ptr[8] | 1 << bit);
		assert_refused(&rig, &sealed, CHUNK_BROKEN);
		strbuf_done(&raw);
	}
	rig_done(&rig);
}
END_TEST

START_TEST(the_size_said_must_be_the_size_there)
{
	static const int lies[] = {1, -1, 16, -16};
	struct rig rig;

	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct strbuf raw = STRBUF_INIT(CRAFT_MAX), sealed = STRBUF_INIT(CRAFT_MAX);

		put_raw(&raw, 1, 1, SLICE_LIT("abcdefghijklmnopqrstuvwxyz"),
			SLICE_LIT("\x31\0\x1a"), (struct slice){ONE_SOURCE});
		seal_raw(&sealed, strbuf_slice(&raw), 0, true);
		ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&sealed)), CHUNK_OK);
		sealed.ptr[9] = (char)(sealed.ptr[9] + lies[i]); /* one byte of content size */
		ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&sealed)), CHUNK_BROKEN);
		strbuf_done(&raw);
		strbuf_done(&sealed);
	}
	rig_done(&rig);
}
END_TEST

START_TEST(a_seal_is_exact)
{
	static const struct {
		size_t at;
		char value;
	} cases[] = {{0, 0}, {0, 2}, {1, 1}, {2, 1}, {3, 1}, {4, 0}};
	struct rig rig;
	struct strbuf copy = STRBUF_INIT(CRAFT_MAX);

	rig_init(&rig);
	strbuf_add(&copy, build_lines(&rig));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char was = copy.ptr[cases[i].at];

		copy.ptr[cases[i].at] = cases[i].value;
		ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&copy)), CHUNK_BROKEN);
		copy.ptr[cases[i].at] = was;
	}

	/* Padding is counted and is zeros. */
	strbuf_add(&copy, SLICE_LIT("\0\0\0"));
	copy.ptr[2] = 3;
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&copy)), CHUNK_OK);
	copy.ptr[copy.len - 1] = 1;
	ck_assert_int_eq(read_chunk(&rig, strbuf_slice(&copy)), CHUNK_BROKEN);
	strbuf_done(&copy);
	rig_done(&rig);
}
END_TEST

TEST_MAIN("chunk_hostile", malformed_contents_are_broken, a_chunk_written_by_hand_is_read,
	parts_may_not_lie_about_their_sizes, every_truncation_is_broken,
	no_flipped_bit_does_harm, bombs_are_refused_before_they_go_off,
	an_arena_too_small_refuses_the_chunk, only_one_plain_frame_is_taken,
	checksums_dictionaries_and_reserved_bits_are_refused,
	the_size_said_must_be_the_size_there, a_seal_is_exact)
