#include "collector/ingest/wef/sldc.h"

#include "tests/collector/ingest/wef/sldc_writer.h"
#include "tests/support/check.h"

enum { ROOM = 4 << 20 };

static void fill(struct strbuf *text, size_t size, unsigned alphabet)
{
	uint32_t state = 7;

	while (text->len < size) {
		state = state * 1664525 + 1013904223;
		strbuf_add_byte(text, (char)((state >> 16) % alphabet));
	}
}

static void check_unpacks(struct slice packed, struct slice text)
{
	struct strbuf out = STRBUF_INIT(ROOM);

	ck_assert(sldc_unpack(packed, text.len, &out));
	ck_assert(slice_eq(strbuf_slice(&out), text));
	strbuf_done(&out);
}

static void check_refused(struct slice packed, size_t size)
{
	struct strbuf out = STRBUF_INIT(ROOM);

	strbuf_add_byte(&out, 'x');
	ck_assert(!sldc_unpack(packed, size, &out));
	ck_assert_slice_eq(strbuf_slice(&out), SLICE_LIT("x"));
	strbuf_done(&out);
}

START_TEST(bits_are_as_the_standard_says)
{
	/* Reset 1, "a", "b", a copy of 4 from 0, one of 2 from 1, end of the record:
	 * 1111111110101 0.01100001 0.01100010 1.1000.0000000000 1.00.0000000001 1111111110100
	 */
	static const unsigned char bits[] = {
		0xff, 0xa9, 0x84, 0xc5, 0x80, 0x02, 0x00, 0x3f, 0xf4, 0x00};

	check_unpacks(slice_of(bits, sizeof(bits)), SLICE_LIT("abababba"));
}
END_TEST

START_TEST(what_was_packed_comes_back)
{
	static const size_t sizes[] = {0, 1, 2, 3, 271, 272, 1023, 1024, 1025, 2048, 9000};
	static const unsigned alphabets[] = {1, 2, 16, 256};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (size_t j = 0; j < ARRAY_LEN(alphabets); j++) {
			struct strbuf text = STRBUF_INIT(ROOM), packed = STRBUF_INIT(ROOM);

			fill(&text, sizes[i], alphabets[j]);
			sldc_pack(strbuf_slice(&text), &packed);
			check_unpacks(strbuf_slice(&packed), strbuf_slice(&text));
			strbuf_done(&packed);
			strbuf_done(&text);
		}
	}
}
END_TEST

START_TEST(each_count_is_read)
{
	for (unsigned count = 2; count <= 271; count++) {
		struct strbuf packed = STRBUF_INIT(ROOM);
		struct sldc_writer writer = {.out = &packed};
		char text[272];

		memset(text, 'z', sizeof(text));
		sldc_put_symbol(&writer, SLDC_RESET_1);
		sldc_put_byte(&writer, 'z');
		sldc_put_copy(&writer, 0, count);
		sldc_put_symbol(&writer, SLDC_END);
		sldc_pad(&writer, 4);
		check_unpacks(strbuf_slice(&packed), slice_of(text, count + 1));
		strbuf_done(&packed);
	}
}
END_TEST

START_TEST(schemes_records_and_flushes_may_follow_each_other)
{
	struct strbuf packed = STRBUF_INIT(ROOM);
	struct sldc_writer writer = {.out = &packed};

	sldc_put_symbol(&writer, SLDC_RESET_2);
	sldc_put(&writer, SLICE_LIT("one\xff\xfe two "));
	sldc_put_symbol(&writer, SLDC_SCHEME_1);
	sldc_put(&writer, SLICE_LIT("one\xff\xfe two "));
	sldc_put_symbol(&writer, SLDC_RECORD_END);
	sldc_put_symbol(&writer, SLDC_FLUSH);
	sldc_put_symbol(&writer, SLDC_SCHEME_2);
	sldc_put(&writer, SLICE_LIT("three\xff"));
	sldc_put_symbol(&writer, SLDC_RESET_1);
	sldc_put(&writer, SLICE_LIT("three\xff"));
	sldc_put_symbol(&writer, SLDC_END);
	sldc_pad(&writer, 4);
	check_unpacks(strbuf_slice(&packed),
		SLICE_LIT("one\xff\xfe two one\xff\xfe two three\xffthree\xff"));
	strbuf_done(&packed);
}
END_TEST

/* One symbol that may not stand there, behind "ab". */
static void check_symbol_refused(void (*put)(struct sldc_writer *writer))
{
	struct strbuf packed = STRBUF_INIT(ROOM);
	struct sldc_writer writer = {.out = &packed};

	sldc_put_symbol(&writer, SLDC_RESET_1);
	sldc_put(&writer, SLICE_LIT("ab"));
	put(&writer);
	sldc_put_symbol(&writer, SLDC_RECORD_END);
	sldc_pad(&writer, 4);
	for (size_t size = 0; size < 8; size++)
		check_refused(strbuf_slice(&packed), size);
	strbuf_done(&packed);
}

static void put_file_mark(struct sldc_writer *writer)
{
	sldc_put_symbol(writer, SLDC_FILE_MARK);
}

static void put_reserved(struct sldc_writer *writer)
{
	sldc_put_symbol(writer, (enum sldc_symbol)9);
}

static void put_copy_of_nothing(struct sldc_writer *writer)
{
	sldc_put_copy(writer, 2, 2);
}

static void put_copy_of_before_the_reset(struct sldc_writer *writer)
{
	sldc_put_symbol(writer, SLDC_RESET_1);
	sldc_put_copy(writer, 0, 2);
}

static void put_flush_without_zeros(struct sldc_writer *writer)
{
	sldc_put_bits(writer, 0x1ff0, 13);
	while (writer->n_bits != 0 || writer->out->len % 4 != 0)
		sldc_put_bits(writer, 1, 1);
}

START_TEST(symbols_that_make_no_sense_are_refused)
{
	check_symbol_refused(put_file_mark);
	check_symbol_refused(put_reserved);
	check_symbol_refused(put_copy_of_nothing);
	check_symbol_refused(put_copy_of_before_the_reset);
	check_symbol_refused(put_flush_without_zeros);
}
END_TEST

START_TEST(a_stream_that_is_cut_or_goes_on_is_refused)
{
	struct strbuf packed = STRBUF_INIT(ROOM);
	const struct slice text = SLICE_LIT("abcabcabcabcabcabc, abcabc");

	sldc_pack(text, &packed);
	for (size_t len = 0; len + 2 < packed.len; len++)
		check_refused(slice_head(strbuf_slice(&packed), len), text.len);
	check_refused(strbuf_slice(&packed), text.len - 1);
	check_refused(strbuf_slice(&packed), text.len + 1);
	strbuf_add(&packed, slice_of("\0\0\0\0", 4));
	check_refused(strbuf_slice(&packed), text.len);
	strbuf_done(&packed);
}
END_TEST

START_TEST(a_stream_begins_with_a_reset)
{
	struct strbuf packed = STRBUF_INIT(ROOM);
	struct sldc_writer writer = {.out = &packed};

	sldc_put_symbol(&writer, SLDC_SCHEME_1);
	sldc_put(&writer, SLICE_LIT("ab"));
	sldc_put_symbol(&writer, SLDC_RECORD_END);
	check_refused(strbuf_slice(&packed), 2);
	check_refused(SLICE_LIT("\x30\x98"), 1);
	strbuf_done(&packed);
}
END_TEST

START_TEST(no_memory_is_asked_for_what_cannot_be_in_it)
{
	struct strbuf out = STRBUF_INIT(SIZE_MAX / 2), small = STRBUF_INIT(3);
	struct strbuf packed = STRBUF_INIT(ROOM);

	sldc_pack(SLICE_LIT("abcd"), &packed);
	ck_assert(!sldc_unpack(strbuf_slice(&packed), SIZE_MAX / 4, &out));
	ck_assert_uint_eq(out.capacity, 0);
	ck_assert(!sldc_unpack(strbuf_slice(&packed), 4, &small));
	strbuf_done(&out);
	strbuf_done(&small);
	strbuf_done(&packed);
}
END_TEST

TEST_MAIN("sldc", bits_are_as_the_standard_says, what_was_packed_comes_back, each_count_is_read,
	schemes_records_and_flushes_may_follow_each_other,
	symbols_that_make_no_sense_are_refused, a_stream_that_is_cut_or_goes_on_is_refused,
	a_stream_begins_with_a_reset, no_memory_is_asked_for_what_cannot_be_in_it)
