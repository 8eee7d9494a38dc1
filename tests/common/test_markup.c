#include "common/markup.h"

#include "tests/support/check.h"

/* What there is in a document, a letter for each: "<" start, ">" end, "t" text, "c" CDATA,
 * "." the end, "!" broken. */
static const char *shape(const char *text)
{
	static char out[4096];
	struct markup xml;
	size_t n = 0;

	markup_init(&xml, slice_str(text));
	for (;;) {
		switch (markup_next(&xml)) {
		case MARKUP_START:
			out[n++] = '<';
			break;
		case MARKUP_END:
			out[n++] = '>';
			break;
		case MARKUP_TEXT:
			out[n++] = xml.is_cdata ? 'c' : 't';
			break;
		case MARKUP_DONE:
			out[n] = '.';
			out[n + 1] = '\0';
			return out;
		case MARKUP_BROKEN:
			ck_assert_ptr_nonnull(xml.trouble);
			ck_assert_int_eq(markup_next(&xml), MARKUP_BROKEN);
			out[n] = '!';
			out[n + 1] = '\0';
			return out;
		}
	}
}

START_TEST(documents_are_read_from_left_to_right)
{
	ck_assert_str_eq(shape("<a/>"), "<>.");
	ck_assert_str_eq(shape("<a></a>"), "<>.");
	ck_assert_str_eq(shape("<?xml version=\"1.0\"?>\r\n<a>x<b y='1' z = \"2\"/>\n</a >\n"),
		"<t<>t>.");
	ck_assert_str_eq(shape("<a><!-- <b> --><![CDATA[<b>]]><![CDATA[]]></a>"), "<c>.");
	ck_assert_str_eq(shape("<a x='>'>&#x41;&amp;</a><!-- end -->"), "<t>.");
	ck_assert_str_eq(shape("<p:a xmlns:p='u' p:x='1' xml:lang='vi'/>"), "<>.");
}
END_TEST

START_TEST(what_is_no_document_is_refused)
{
	static const char *const texts[] = {"", " ", "a", "<", "<a", "<a>", "</a>", "<a></b>",
		"<a/><b/>", "<a/>x", "x<a/>", "<a x/>", "<a x=1/>", "<a x='1/>",
		"<a x='1'y='2'/>", "<a x='1' x='2'/>", "<a x='<'/>", "<a x='&b;'/>",
		"<a>&b;</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xd800;</a>", "<a>&#x110000;</a>",
		"<a>&#99999999999;</a>", "<1/>", "< a/>", "<a:/>", "<:a/>", "<p:a/>",
		"<a p:x='1'/>", "<a xmlns:p=''/>", "<!DOCTYPE a><a/>", "<a><?php ?></a>",
		"<a><![CDATA[</a>", "<a><!-- </a>", "<![CDATA[x]]>", "<a/ >", "<a/",
		"<a>\xff</a>", "<?xml ", "<a></a", "<a></ a>"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *const got = shape(texts[i]);

		ck_assert_msg(
			got[strlen(got) - 1] == '!', "\"%s\" is taken: %s", texts[i], got);
	}
}
END_TEST

START_TEST(names_are_of_their_namespace)
{
	struct markup xml;

	markup_init(&xml, SLICE_LIT("<a xmlns='one' xmlns:p='two'><p:b><p:c xmlns:p='three' "
				    "xmlns=''/></p:b><d/></a>"));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_is(&xml, SLICE_LIT("one"), SLICE_LIT("a")));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_is(&xml, SLICE_LIT("two"), SLICE_LIT("b")));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_is(&xml, SLICE_LIT("three"), SLICE_LIT("c")));
	ck_assert_int_eq(markup_next(&xml), MARKUP_END);
	ck_assert_int_eq(markup_next(&xml), MARKUP_END);
	ck_assert(markup_is(&xml, SLICE_LIT("two"), SLICE_LIT("b")));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_is(&xml, SLICE_LIT("one"), SLICE_LIT("d")));
	ck_assert(!markup_is(&xml, SLICE_LIT("two"), SLICE_LIT("d")));
}
END_TEST

START_TEST(attributes_are_found_by_name)
{
	struct markup xml;

	markup_init(&xml, SLICE_LIT("<a xmlns:Name='u' Name:x=\"it's\" Name = '&lt;1'/>"));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert_slice_eq(markup_attribute(&xml, SLICE_LIT("Name")), SLICE_LIT("&lt;1"));
	ck_assert_slice_eq(markup_attribute(&xml, SLICE_LIT("x")), SLICE_LIT("it's"));
	ck_assert(slice_absent(markup_attribute(&xml, SLICE_LIT("y"))));
}
END_TEST

START_TEST(the_inside_of_an_element_is_taken_as_it_is)
{
	struct slice inside;
	struct markup xml;

	markup_init(&xml, SLICE_LIT("<a><b> x<c/>&lt;<![CDATA[</b>]]></b><d/></a>"));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_take_inside(&xml, &inside));
	ck_assert_slice_eq(inside, SLICE_LIT(" x<c/>&lt;<![CDATA[</b>]]>"));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(markup_take_inside(&xml, &inside));
	ck_assert_slice_eq(inside, SLICE_LIT(""));
	ck_assert_int_eq(markup_next(&xml), MARKUP_END);
	ck_assert_int_eq(markup_next(&xml), MARKUP_DONE);
	markup_init(&xml, SLICE_LIT("<a><b></a>"));
	ck_assert_int_eq(markup_next(&xml), MARKUP_START);
	ck_assert(!markup_take_inside(&xml, &inside));
}
END_TEST

static void check_decodes(const char *written, const char *text)
{
	struct strbuf out = STRBUF_INIT(1000);

	strbuf_add_byte(&out, '|');
	ck_assert_int_eq(markup_decode(slice_str(written), &out), text != NULL);
	ck_assert_slice_eq(slice_from(strbuf_slice(&out), 1), slice_str(text ? text : ""));
	strbuf_done(&out);
}

START_TEST(references_are_put_in)
{
	check_decodes("", "");
	check_decodes("a&lt;b&gt;&amp;&quot;&apos;", "a<b>&\"'");
	check_decodes("&#65;&#x1ea1;&#X1F600;&#x7f;", "A\xe1\xba\xa1\xf0\x9f\x98\x80\x7f");
	check_decodes("&amp;lt;", "&lt;");
	check_decodes("x&nbsp;", NULL);
	check_decodes("x&", NULL);
	check_decodes("x&#;", NULL);
	check_decodes("x&#x;", NULL);
	check_decodes("x&#1x;", NULL);
	check_decodes("x&12345678901;", NULL);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	const struct slice text = SLICE_LIT("<a b='c' d=\"e\">&amp; t\tn\nr\r \xe1\xba\xa1");
	struct strbuf written = STRBUF_INIT(1000), read = STRBUF_INIT(1000);

	markup_escape(&written, text);
	ck_assert_uint_eq(slice_find(strbuf_slice(&written), '<'), written.len);
	ck_assert_uint_eq(slice_find(strbuf_slice(&written), '"'), written.len);
	ck_assert(markup_decode(strbuf_slice(&written), &read));
	ck_assert_slice_eq(strbuf_slice(&read), text);
	strbuf_reset(&written);
	markup_escape(&written, slice_of("a\0b\x1b\xff", 5));
	ck_assert_slice_eq(strbuf_slice(&written), SLICE_LIT("a\xef\xbf\xbd"
							     "b\xef\xbf\xbd\xef\xbf\xbd"));
	strbuf_done(&written);
	strbuf_done(&read);
}
END_TEST

/* `n` times `piece` between `start` and `end`. */
static const char *many(const char *start, const char *piece, unsigned n, const char *end)
{
	static struct strbuf text = STRBUF_INIT(1 << 20);

	strbuf_reset(&text);
	strbuf_add_str(&text, start);
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(&text, piece, i);
	strbuf_add_str(&text, end);
	return strbuf_cstr(&text);
}

START_TEST(there_are_bounds)
{
	const char *got = shape(many("", "<a x%u=''>", MARKUP_DEPTH_MAX + 1, ""));

	ck_assert_uint_eq(strlen(got), MARKUP_DEPTH_MAX + 1);
	got = shape(many("<a ", " x%u=''", MARKUP_ATTRIBUTES_MAX, "/>"));
	ck_assert_str_eq(got, "<>.");
	got = shape(many("<a ", " x%u=''", MARKUP_ATTRIBUTES_MAX + 1, "/>"));
	ck_assert_str_eq(got, "!");
	got = shape(
		many("", "<a xmlns:a='u%u' xmlns:b='u' xmlns:c='u'>", MARKUP_DEPTH_MAX, ""));
	ck_assert_uint_eq(strlen(got), MARKUP_SPACES_MAX / 3 + 1);
	got = shape(many("<r>", "<a xmlns:a='u%u'/>", 1000, "</r>"));
	ck_assert_str_eq(got + strlen(got) - 2, ">.");
}
END_TEST

TEST_MAIN("markup", documents_are_read_from_left_to_right, what_is_no_document_is_refused,
	names_are_of_their_namespace, attributes_are_found_by_name,
	the_inside_of_an_element_is_taken_as_it_is, references_are_put_in,
	what_is_written_is_read_again, there_are_bounds)
