#include "collector/ingest/beats/lumberjack.h"

#include <stdio.h>

#include "tests/collector/ingest/beats/lumberjack_writer.h"

enum { MAX = 64 };

/* What came out: "W<size>", "[<number>:<event>]" with "/whole" when it was cut, "!<trouble>".
 */
static void read_all(struct lumberjack *lumberjack, struct slice bytes, struct strbuf *heard)
{
	struct lumberjack_event event;
	uint32_t window;

	for (;;) {
		switch (lumberjack_next(lumberjack, &bytes, &event, &window)) {
		case LUMBERJACK_MORE:
			ck_assert_uint_eq(bytes.len, 0);
			return;
		case LUMBERJACK_WINDOW:
			strbuf_addf(heard, "W%u", window);
			break;
		case LUMBERJACK_EVENT:
			ck_assert_uint_le(event.bytes.len, MAX);
			strbuf_addf(heard, "[%u:", event.number);
			strbuf_add(heard, event.bytes);
			if (event.whole > event.bytes.len)
				strbuf_addf(heard, "/%llu", (unsigned long long)event.whole);
			strbuf_add_byte(heard, ']');
			break;
		case LUMBERJACK_BROKEN:
			if (heard->len == 0 || heard->ptr[heard->len - 2] != '!')
				strbuf_addf(heard, "!%d", (int)lumberjack_trouble(lumberjack));
			return;
		}
	}
}

static struct strbuf *read_split(struct slice bytes, size_t first, size_t second, bool *within)
{
	static struct strbuf heard = STRBUF_INIT(1 << 20);
	struct lumberjack *lumberjack = lumberjack_new(MAX);

	strbuf_reset(&heard);
	read_all(lumberjack, slice_head(bytes, first), &heard);
	read_all(lumberjack, slice_head(slice_from(bytes, first), second - first), &heard);
	read_all(lumberjack, slice_from(bytes, second), &heard);
	*within = lumberjack_is_within(lumberjack);
	lumberjack_free(lumberjack);
	return &heard;
}

/* Every split in three gives the same. */
static void check_splits(struct slice bytes, const char *wanted)
{
	bool within;

	for (size_t first = 0; first <= bytes.len; first++) {
		for (size_t second = first; second <= bytes.len; second++) {
			struct strbuf *heard = read_split(bytes, first, second, &within);

			ck_assert_str_eq(strbuf_cstr(heard), wanted);
			ck_assert(!within);
		}
	}
}

/* Broken, with what was heard before. */
static void check_broken(
	struct slice bytes, const char *before, enum lumberjack_trouble trouble)
{
	char wanted[200];
	bool within;

	snprintf(wanted, sizeof(wanted), "%s!%d", before, (int)trouble);
	struct strbuf *heard = read_split(bytes, 0, 0, &within);
	ck_assert_str_eq(strbuf_cstr(heard), wanted);
	heard = read_split(bytes, bytes.len / 2, bytes.len, &within);
	ck_assert_str_eq(strbuf_cstr(heard), wanted);
}

#define EVENT(out, number, literal) write_event((out), (number), SLICE_LIT(literal))

START_TEST(windows_and_events_are_read_however_they_are_split)
{
	struct strbuf out = STRBUF_INIT(1 << 16);

	write_window(&out, 2);
	EVENT(&out, 1, "{\"message\":\"one\"}");
	EVENT(&out, 2, "{}");
	check_splits(strbuf_slice(&out), "W2[1:{\"message\":\"one\"}][2:{}]");
	strbuf_done(&out);
}
END_TEST

START_TEST(compressed_frames_are_read_however_they_are_split)
{
	struct strbuf frames = STRBUF_INIT(1 << 16), out = STRBUF_INIT(1 << 16);

	EVENT(&frames, 1, "{\"a\":1}");
	EVENT(&frames, 2, "{\"a\":2}");
	write_window(&out, 3);
	write_compressed(&out, strbuf_slice(&frames));
	EVENT(&out, 3, "{}");
	write_window(&out, 0);
	write_compressed(&out, SLICE_LIT(""));
	check_splits(strbuf_slice(&out), "W3[1:{\"a\":1}][2:{\"a\":2}][3:{}]W0");
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

START_TEST(an_event_too_long_is_cut_and_its_length_told)
{
	struct strbuf frames = STRBUF_INIT(1 << 20), out = STRBUF_INIT(1 << 20);
	static char text[100000];
	char wanted[MAX + 20];
	bool within;

	memset(text, 'x', sizeof(text));
	write_event(&frames, 7, slice_of(text, sizeof(text)));
	EVENT(&frames, 8, "{}");
	snprintf(wanted, sizeof(wanted), "[7:%.*s/100000][8:{}]", MAX, text);
	write_compressed(&out, strbuf_slice(&frames));
	for (size_t at = 0; at < out.len; at += 7) {
		struct strbuf *heard = read_split(strbuf_slice(&out), at, out.len, &within);

		ck_assert_str_eq(strbuf_cstr(heard), wanted);
	}
	for (size_t at = 0; at < frames.len; at += 997) {
		struct strbuf *heard =
			read_split(strbuf_slice(&frames), at, frames.len, &within);

		ck_assert_str_eq(strbuf_cstr(heard), wanted);
	}
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

START_TEST(other_protocols_and_frames_are_refused)
{
	check_broken(SLICE_LIT("1W\0\0\0\1"), "", LUMBERJACK_VERSION_1);
	check_broken(SLICE_LIT("<13>Nov 22 01:02:03 h app: x\n"), "", LUMBERJACK_NO_FRAME);
	check_broken(SLICE_LIT("\x16\x03\x01\x02\x00\x01\x00"), "", LUMBERJACK_NO_FRAME);
	check_broken(SLICE_LIT("2D\0\0\0\1"), "", LUMBERJACK_NO_FRAME);
	check_broken(SLICE_LIT("2A\0\0\0\1"), "", LUMBERJACK_NO_FRAME);
	check_broken(SLICE_LIT("2J\0\0\0\1\0\0\0\0"), "", LUMBERJACK_NO_FRAME);
	check_broken(SLICE_LIT("2W\0\0\0\1nonsense"), "W1", LUMBERJACK_NO_FRAME);
}
END_TEST

START_TEST(frames_beyond_all_limits_are_refused)
{
	check_broken(SLICE_LIT("2W\xff\xff\xff\xff"), "", LUMBERJACK_TOO_LARGE);
	check_broken(SLICE_LIT("2C\x40\0\0\0"), "", LUMBERJACK_TOO_LARGE);
	check_broken(SLICE_LIT("2J\0\0\0\1\x40\0\0\0"), "", LUMBERJACK_TOO_LARGE);
}
END_TEST

static void check_packed(
	struct slice frames, const char *before, enum lumberjack_trouble trouble)
{
	struct strbuf out = STRBUF_INIT(1 << 20);

	write_compressed(&out, frames);
	check_broken(strbuf_slice(&out), before, trouble);
	strbuf_done(&out);
}

START_TEST(compressed_frames_hold_whole_events_and_nothing_else)
{
	struct strbuf inner = STRBUF_INIT(1 << 16), outer = STRBUF_INIT(1 << 16);

	EVENT(&inner, 1, "{}");
	write_compressed(&outer, strbuf_slice(&inner));
	check_packed(strbuf_slice(&outer), "", LUMBERJACK_NOT_IN_THAT);
	check_packed(SLICE_LIT("2W\0\0\0\1"), "", LUMBERJACK_NOT_IN_THAT);
	check_packed(SLICE_LIT("1J"), "", LUMBERJACK_VERSION_1);
	for (size_t len = 1; len < inner.len; len++)
		check_packed(slice_head(strbuf_slice(&inner), len), "", LUMBERJACK_DAMAGED);
	check_broken(SLICE_LIT("2C\0\0\0\4abcd"), "", LUMBERJACK_DAMAGED);
	strbuf_done(&inner);
	strbuf_done(&outer);
}
END_TEST

START_TEST(truncated_at_every_byte_nothing_is_made_up)
{
	struct strbuf frames = STRBUF_INIT(1 << 16), out = STRBUF_INIT(1 << 16);
	static const char wanted[] = "W2[1:{\"a\":1}][2:{\"b\":[2,3]}]";
	bool within;

	EVENT(&frames, 1, "{\"a\":1}");
	EVENT(&frames, 2, "{\"b\":[2,3]}");
	write_window(&out, 2);
	write_compressed(&out, strbuf_slice(&frames));
	for (size_t len = 0; len < out.len; len++) {
		struct strbuf *heard =
			read_split(slice_head(strbuf_slice(&out), len), 0, len, &within);

		ck_assert_int_eq(strncmp(strbuf_cstr(heard), wanted, heard->len), 0);
		ck_assert(within || len == 0 || len == 6);
	}
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

/* Whatever it makes of them: it ends, and within its limits. */
START_TEST(flipped_bytes_do_no_harm)
{
	struct strbuf frames = STRBUF_INIT(1 << 16), out = STRBUF_INIT(1 << 16);
	bool within;

	EVENT(&frames, 1, "{\"a\":1}");
	EVENT(&frames, 2, "{\"b\":[2,3]}");
	write_window(&out, 2);
	write_compressed(&out, strbuf_slice(&frames));
	write_event(&out, 3, SLICE_LIT("{\"c\":4}"));
	for (size_t at = 0; at < out.len; at++) {
		for (int bit = 0; bit < 8; bit++) {
			out.ptr[at] = (char)(out.ptr[at] ^ 1 << bit);
			(void)read_split(strbuf_slice(&out), at, out.len, &within);
			out.ptr[at] = (char)(out.ptr[at] ^ 1 << bit);
		}
	}
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

/* One event of 40 MB of zeros: some 40 KB on the wire. */
START_TEST(bombs_are_refused_before_they_cost_much)
{
	enum { SIZE = 40 << 20 };
	struct strbuf frames = STRBUF_INIT(SIZE + 100), out = STRBUF_INIT(1 << 20);
	char *zeros = calloc(1, SIZE);

	write_event(&frames, 1, slice_of(zeros, SIZE));
	write_compressed(&out, strbuf_slice(&frames));
	ck_assert_uint_lt(out.len, 100000);
	check_broken(strbuf_slice(&out), "", LUMBERJACK_BOMB);
	free(zeros);
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

/* Lines that are nearly the same compress well, and are none. */
START_TEST(what_only_compresses_well_is_no_bomb)
{
	enum { EVENTS = 2048 };
	struct strbuf frames = STRBUF_INIT(1 << 24), out = STRBUF_INIT(1 << 20);
	struct lumberjack *lumberjack = lumberjack_new(MAX);
	struct lumberjack_event event;
	unsigned n = 0;
	uint32_t window;
	char text[2100];

	memset(text, 'x', sizeof(text));
	for (uint32_t i = 1; i <= EVENTS; i++) {
		snprintf(text, sizeof(text), "{\"offset\":%u,\"message\":\"", i * 2000);
		write_event(&frames, i, slice_of(text, sizeof(text)));
	}
	write_compressed(&out, strbuf_slice(&frames));
	struct slice bytes = strbuf_slice(&out);
	while (lumberjack_next(lumberjack, &bytes, &event, &window) == LUMBERJACK_EVENT)
		ck_assert_uint_eq(event.number, ++n);
	ck_assert_uint_eq(n, EVENTS);
	ck_assert_int_eq(lumberjack_trouble(lumberjack), LUMBERJACK_FINE);
	lumberjack_free(lumberjack);
	strbuf_done(&frames);
	strbuf_done(&out);
}
END_TEST

START_TEST(acknowledgements_are_written_big_endian)
{
	unsigned char ack[LUMBERJACK_ACK_SIZE];

	lumberjack_ack(0x01020304, ack);
	ck_assert_mem_eq(ack, "2A\1\2\3\4", sizeof(ack));
}
END_TEST

TEST_MAIN("lumberjack", windows_and_events_are_read_however_they_are_split,
	compressed_frames_are_read_however_they_are_split,
	an_event_too_long_is_cut_and_its_length_told, other_protocols_and_frames_are_refused,
	frames_beyond_all_limits_are_refused,
	compressed_frames_hold_whole_events_and_nothing_else,
	truncated_at_every_byte_nothing_is_made_up, flipped_bytes_do_no_harm,
	bombs_are_refused_before_they_cost_much, what_only_compresses_well_is_no_bomb,
	acknowledgements_are_written_big_endian)
