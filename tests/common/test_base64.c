#include "common/base64.h"

#include "tests/support/check.h"

/* RFC 4648 section 10 */
static const struct {
	const char *bytes, *plain, *url;
} vectors[] = {
	{"", "", ""},
	{"f", "Zg==", "Zg"},
	{"fo", "Zm8=", "Zm8"},
	{"foo", "Zm9v", "Zm9v"},
	{"foob", "Zm9vYg==", "Zm9vYg"},
	{"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	{"\xfb\xff\xbf", "+/+/", "-_-_"},
};

static void check_text(enum base64_alphabet alphabet, const char *bytes, const char *text)
{
	struct strbuf out = STRBUF_INIT(64);

	base64_add(&out, alphabet, slice_str(bytes));
	ck_assert_slice_eq(strbuf_slice(&out), slice_str(text));
	strbuf_reset(&out);
	ck_assert(base64_read(&out, alphabet, slice_str(text)));
	ck_assert_slice_eq(strbuf_slice(&out), slice_str(bytes));
	strbuf_done(&out);
}

START_TEST(vectors_of_the_standard_hold_both_ways)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		check_text(BASE64_PLAIN, vectors[i].bytes, vectors[i].plain);
		check_text(BASE64_URL, vectors[i].bytes, vectors[i].url);
	}
}
END_TEST

START_TEST(every_byte_comes_back)
{
	struct strbuf text = STRBUF_INIT(1024), back = STRBUF_INIT(1024);
	char bytes[256];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		strbuf_reset(&text);
		strbuf_reset(&back);
		base64_add(&text, BASE64_URL, slice_of(bytes, len));
		ck_assert(base64_read(&back, BASE64_URL, strbuf_slice(&text)));
		ck_assert_slice_eq(strbuf_slice(&back), slice_of(bytes, len));
	}
	strbuf_done(&text);
	strbuf_done(&back);
}
END_TEST

START_TEST(anything_else_is_refused_and_leaves_nothing)
{
	static const struct {
		enum base64_alphabet alphabet;
		const char *text;
	} wrong[] = {
		{BASE64_PLAIN, "Zg"},
		{BASE64_PLAIN, "Zg="},
		{BASE64_PLAIN, "Zg==="},
		{BASE64_PLAIN, "Zh=="},
		{BASE64_PLAIN, "Zm9="},
		{BASE64_PLAIN, "===="},
		{BASE64_PLAIN, "Z==="},
		{BASE64_PLAIN, "Zg==Zg=="},
		{BASE64_PLAIN, "Zm9v\n"},
		{BASE64_PLAIN, "-_-_"},
		{BASE64_URL, "+/+/"},
		{BASE64_URL, "Zg=="},
		{BASE64_URL, "Z"},
		{BASE64_URL, "Zh"},
		{BASE64_URL, "Zm9vZ"},
		{BASE64_URL, " Zm9"},
	};
	struct strbuf out = STRBUF_INIT(64);

	strbuf_add_str(&out, "before");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_msg(!base64_read(&out, wrong[i].alphabet, slice_str(wrong[i].text)),
			"%s was taken", wrong[i].text);
		ck_assert_slice_eq(strbuf_slice(&out), SLICE_LIT("before"));
	}
	ck_assert(!base64_read(&out, BASE64_URL, slice_of("Zm\0v", 4)));
	strbuf_done(&out);
}
END_TEST

START_TEST(a_full_buffer_is_a_refusal)
{
	struct strbuf out = STRBUF_INIT(4);

	ck_assert(!base64_read(&out, BASE64_PLAIN, SLICE_LIT("Zm9vYmFy")));
	ck_assert_uint_eq(out.len, 0);
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("base64", vectors_of_the_standard_hold_both_ways, every_byte_comes_back,
	anything_else_is_refused_and_leaves_nothing, a_full_buffer_is_a_refusal)
